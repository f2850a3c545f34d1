// SPDX-License-Identifier: Apache-2.0
// What GpuMemory calls of libcuda, for a machine with two GPUs, of 8 GiB and of 80 GB; 3 GiB of the second are taken.
// Handles of devices are not their numbers, and memory is told of the current context alone, as in the real library.

#include <stddef.h>

#define GIB ((size_t) 1 << 30)
#define HANDLE 40
#define NOT_INITIALIZED 3
#define INVALID_DEVICE 101
#define INVALID_CONTEXT 201

static int initialized, retained, current = -1;

static size_t size_of(int gpu) { return gpu == 0 ? 8 * GIB : (size_t) 80000000000; }

int cuInit(unsigned flags) { initialized = flags == 0; return flags ? 1 : 0; }

int cuDeviceGet(int *device, int number) {
    if (!initialized) return NOT_INITIALIZED;
    if (number < 0 || number > 1) return INVALID_DEVICE;
    *device = HANDLE + number;
    return 0;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = size_of(device - HANDLE); return 0; }

int cuDevicePrimaryCtxRetain(void **context, int device) {
    retained++;
    *context = (void *) (size_t) (device - HANDLE + 1);
    return 0;
}

int cuDevicePrimaryCtxRelease_v2(int device) { retained--; return 0; }
int cuCtxPushCurrent_v2(void *context) { current = (int) (size_t) context - 1; return 0; }
int cuCtxPopCurrent_v2(void **context) { *context = NULL; current = -1; return 0; }

int cuMemGetInfo_v2(size_t *unused, size_t *total) {
    if (current < 0) return INVALID_CONTEXT;
    *total = size_of(current);
    *unused = *total - (current == 1 ? 3 * GIB : 0);
    return 0;
}

// For the tests: nothing may be held when nobody asks.
int fake_held(void) { return retained + (current >= 0); }
