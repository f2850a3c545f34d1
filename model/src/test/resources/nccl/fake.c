// SPDX-License-Identifier: Apache-2.0
// What Nccl calls of libnccl and libcudart, for ranks that are threads of one process and "device" memory that is the
// host's. As on a GPU, operations are queued on a stream and run behind the caller's back, in order; they wait for all
// ranks; and an abort ends them unfinished. One stream, that of the last communicator its thread joined, is enough.
// What would be a race on a GPU counts as misplaced: an operation that is not on a stream made for it, or that does not
// first wait for all that the stream of computations has at the time.

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define RANKS 8
#define NOT_READY 600
#define INVALID_USAGE 5
#define COMPUTATIONS ((void *) 0x77)

enum kind { ALL_REDUCE, REDUCE, REDUCE_SCATTER, BROADCAST, ALL_GATHER };

typedef struct { char internal[128]; } unique_id;

typedef struct op {
    enum kind kind;
    const float *send;
    float *receive;
    size_t count;
    int root;
    struct op *next;
} op;

// What the ranks of a communicator share.
typedef struct group {
    unique_id id;
    int ranks, joined, arrived, aborted;
    long round;
    op *current[RANKS];
    struct group *next;
} group;

typedef struct comm {
    group *group;
    int rank, error, dead;
    long queued, finished;
    op *first, *last;
} comm;

typedef struct { comm *owner; long after; int of_computations; } event;
typedef struct { int waited; } stream;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static group *groups;
static __thread comm *mine;
static int aborts, destroyed, live_events, fail_join, misplaced, streams;
static comm *all[64];
static int comms;

// Under the lock: returns once all ranks are here, or nonzero if the communicator was aborted.
static int meet(comm *c) {
    group *g = c->group;
    long round = g->round;
    if (++g->arrived == g->ranks) {
        g->arrived = 0;
        g->round++;
        pthread_cond_broadcast(&news);
    }
    while (g->round == round && !c->dead && !g->aborted) pthread_cond_wait(&news, &lock);
    return c->dead || g->aborted;
}

static void result_of(comm *c, op *o, float *out) {
    group *g = c->group;
    size_t n = o->count;
    for (size_t i = 0; i < n; i++) {
        float sum = 0;
        for (int r = 0; r < g->ranks; r++) {
            size_t at = o->kind == REDUCE_SCATTER ? c->rank * n + i : i;
            sum += g->current[r]->send[at];
        }
        out[i] = sum;
    }
}

// Under the lock, which also keeps other ranks from changing what is read.
static void run(comm *c, op *o) {
    group *g = c->group;
    g->current[c->rank] = o;
    if (meet(c)) return;
    size_t n = o->kind == ALL_GATHER ? o->count * g->ranks : o->count;
    float *out = malloc(n * sizeof(float) + 1);
    if (o->kind == ALL_GATHER) {
        for (int r = 0; r < g->ranks; r++) memcpy(out + r * o->count, g->current[r]->send, o->count * sizeof(float));
    } else if (o->kind == BROADCAST) {
        memcpy(out, g->current[o->root]->send, n * sizeof(float));
    } else {
        result_of(c, o, out);
    }
    if (!meet(c) && (o->kind != REDUCE || o->root == c->rank)) memcpy(o->receive, out, n * sizeof(float));
    free(out);
    meet(c);
}

static void *work(void *argument) {
    comm *c = argument;
    pthread_mutex_lock(&lock);
    while (1) {
        while (!c->first && !c->dead) pthread_cond_wait(&news, &lock);
        if (c->dead) break;
        op *o = c->first;
        run(c, o);
        c->first = o->next;
        free(o);
        c->finished++;
        pthread_cond_broadcast(&news);
    }
    c->finished = c->queued;
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static int queue(comm *c, stream *on, enum kind kind, const void *send, void *receive, size_t count, int type, int root) {
    if (type != 7) return INVALID_USAGE;
    if (!on || (void *) on == COMPUTATIONS || !on->waited) __sync_fetch_and_add(&misplaced, 1);
    op *o = calloc(1, sizeof(op));
    *o = (op) {kind, send, receive, count, root, NULL};
    pthread_mutex_lock(&lock);
    if (c->first) c->last->next = o; else c->first = o;
    c->last = o;
    c->queued++;
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
    return 0;
}

int ncclGetUniqueId(unique_id *id) {
    static int made;
    pthread_mutex_lock(&lock);
    memset(id, 7, sizeof *id);
    memcpy(id, &made, sizeof made);
    made++;
    pthread_mutex_unlock(&lock);
    return 0;
}

int ncclCommInitRank(comm **out, int ranks, unique_id id, int rank) {
    if (fail_join) return INVALID_USAGE;
    pthread_mutex_lock(&lock);
    group *g = groups;
    while (g && memcmp(&g->id, &id, sizeof id)) g = g->next;
    if (!g) {
        g = calloc(1, sizeof(group));
        g->id = id;
        g->ranks = ranks;
        g->next = groups;
        groups = g;
    }
    comm *c = calloc(1, sizeof(comm));
    c->group = g;
    c->rank = rank;
    all[comms++ % 64] = c;
    g->joined++;
    pthread_cond_broadcast(&news);
    while (g->joined < ranks) pthread_cond_wait(&news, &lock);
    pthread_mutex_unlock(&lock);
    pthread_t thread;
    pthread_create(&thread, NULL, work, c);
    pthread_detach(thread);
    *out = c;
    return 0;
}

int ncclAllReduce(const void *s, void *r, size_t n, int type, int operation, comm *c, stream *on) {
    mine = c;
    return operation ? INVALID_USAGE : queue(c, on, ALL_REDUCE, s, r, n, type, 0);
}

int ncclReduce(const void *s, void *r, size_t n, int type, int operation, int root, comm *c, stream *on) {
    mine = c;
    return operation ? INVALID_USAGE : queue(c, on, REDUCE, s, r, n, type, root);
}

int ncclReduceScatter(const void *s, void *r, size_t n, int type, int operation, comm *c, stream *on) {
    mine = c;
    return operation ? INVALID_USAGE : queue(c, on, REDUCE_SCATTER, s, r, n, type, 0);
}

int ncclBroadcast(const void *s, void *r, size_t n, int type, int root, comm *c, stream *on) {
    mine = c;
    return queue(c, on, BROADCAST, s, r, n, type, root);
}

int ncclAllGather(const void *s, void *r, size_t n, int type, comm *c, stream *on) {
    mine = c;
    return queue(c, on, ALL_GATHER, s, r, n, type, 0);
}

int ncclGroupStart(void) { return 0; }
int ncclGroupEnd(void) { return 0; }

int ncclCommGetAsyncError(comm *c, int *error) {
    pthread_mutex_lock(&lock);
    *error = c->error;
    pthread_mutex_unlock(&lock);
    return 0;
}

static void end(comm *c) {
    c->dead = 1;
    pthread_cond_broadcast(&news);
}

int ncclCommAbort(comm *c) {
    pthread_mutex_lock(&lock);
    aborts++;
    end(c);
    pthread_mutex_unlock(&lock);
    return 0;
}

int ncclCommDestroy(comm *c) {
    pthread_mutex_lock(&lock);
    destroyed++;
    end(c);
    pthread_mutex_unlock(&lock);
    return 0;
}

const char *ncclGetErrorString(int error) { return error == INVALID_USAGE ? "invalid usage" : "system error"; }

int cudaSetDevice(int device) { return device == 99 ? 101 : 0; }
const char *cudaGetErrorString(int error) { return error == 101 ? "invalid device ordinal" : "unknown error"; }

int cudaStreamCreateWithFlags(stream **made, int flags) {
    *made = calloc(1, sizeof(stream));
    __sync_fetch_and_add(&streams, 1);
    return flags == 1 ? 0 : 1;
}

int cudaStreamDestroy(stream *one) {
    free(one);
    __sync_fetch_and_sub(&streams, 1);
    return 0;
}

int cudaStreamWaitEvent(stream *waits, event *e, int flags) {
    waits->waited = e->of_computations;
    return 0;
}

int cudaEventCreateWithFlags(event **e, int flags) {
    *e = calloc(1, sizeof(event));
    __sync_fetch_and_add(&live_events, 1);
    return flags == 2 ? 0 : 1;
}

// All that the stream of computations has was done by the caller itself. What follows on another waits anew.
int cudaEventRecord(event *e, stream *on) {
    pthread_mutex_lock(&lock);
    e->of_computations = (void *) on == COMPUTATIONS;
    e->owner = e->of_computations ? NULL : mine;
    e->after = e->owner ? e->owner->queued : 0;
    if (!e->of_computations) on->waited = 0;
    pthread_mutex_unlock(&lock);
    return 0;
}

int cudaEventQuery(event *e) {
    pthread_mutex_lock(&lock);
    int ready = !e->owner || e->owner->finished >= e->after;
    pthread_mutex_unlock(&lock);
    return ready ? 0 : NOT_READY;
}

int cudaEventDestroy(event *e) {
    free(e);
    __sync_fetch_and_sub(&live_events, 1);
    return 0;
}

// For the tests.
int fake_aborts(void) { return aborts; }
int fake_destroyed(void) { return destroyed; }
int fake_live_events(void) { return live_events; }
int fake_live_streams(void) { return streams; }
int fake_misplaced(void) { return misplaced; }
void fake_fail_join(int fails) { fail_join = fails; }

void fake_reset(void) {
    pthread_mutex_lock(&lock);
    aborts = destroyed = fail_join = comms = misplaced = 0;
    pthread_mutex_unlock(&lock);
}

void fake_set_error(int rank, int error) {
    pthread_mutex_lock(&lock);
    for (int i = 0; i < comms; i++) if (all[i]->rank == rank) all[i]->error = error;
    pthread_mutex_unlock(&lock);
}
