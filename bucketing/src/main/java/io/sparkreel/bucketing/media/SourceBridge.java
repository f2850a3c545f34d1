// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avformat.AVSEEK_FORCE;
import static org.bytedeco.ffmpeg.global.avformat.AVSEEK_SIZE;
import static org.bytedeco.ffmpeg.global.avformat.avio_alloc_context;
import static org.bytedeco.ffmpeg.global.avformat.avio_context_free;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.av_free;
import static org.bytedeco.ffmpeg.global.avutil.av_malloc;

import java.io.IOException;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.Read_packet_Pointer_BytePointer_int;
import org.bytedeco.ffmpeg.avformat.Seek_Pointer_long_int;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Lets FFmpeg read a {@link MediaSource}.
 *
 * <p>JavaCPP has room for ten callback objects of a type in a process, so that all sources share
 * one pair and are told apart by the opaque pointer.
 */
final class SourceBridge implements AutoCloseable {

    /** Small enough to fetch little more than headers, large enough for remote storage. */
    private static final int BUFFER_BYTES = 64 * 1024;

    private static final int SEEK_SET = 0;
    private static final int SEEK_CURRENT = 1;
    private static final int SEEK_END = 2;
    private static final int IO_ERROR = -5;
    private static final int INVALID_ARGUMENT = -22;

    static {
        FFmpegRuntime.ensureLoaded(); // before the callbacks below, the first native objects
    }

    private static final ConcurrentHashMap<Long, SourceBridge> OPEN = new ConcurrentHashMap<>();

    private static final Read_packet_Pointer_BytePointer_int READ = new Read_packet_Pointer_BytePointer_int() {
        @Override
        public int call(Pointer opaque, BytePointer target, int length) {
            return OPEN.get(opaque.address()).read(target, length);
        }
    };

    private static final Seek_Pointer_long_int SEEK = new Seek_Pointer_long_int() {
        @Override
        public long call(Pointer opaque, long offset, int whence) {
            return OPEN.get(opaque.address()).seek(offset, whence);
        }
    };

    private final MediaSource source;
    private final long length;
    private final byte[] scratch = new byte[BUFFER_BYTES];
    private final Pointer key;
    private final AVIOContext context;
    private long position;
    private boolean endReached;
    private boolean withoutData;
    private Throwable failure;

    SourceBridge(MediaSource source) throws IOException {
        this.source = source;
        this.length = source.length();
        key = av_malloc(1);
        BytePointer buffer = new BytePointer(av_malloc(BUFFER_BYTES));
        OPEN.put(key.address(), this);
        context = avio_alloc_context(buffer, BUFFER_BYTES, 0, key, READ, null, SEEK);
        if (context == null) {
            OPEN.remove(key.address());
            av_free(buffer);
            av_free(key);
            throw new OutOfMemoryError("no native memory for an input of 64 KiB");
        }
    }

    AVIOContext context() {
        return context;
    }

    long length() {
        return length;
    }

    MediaSource source() {
        return source;
    }

    /** Gives bytes of any value from now on, as many as the source has, and reads none. */
    void skipData() {
        withoutData = true;
    }

    /** Whether FFmpeg asked for bytes beyond the last. */
    boolean endReached() {
        return endReached;
    }

    /** Rethrows what the source threw inside a native call, if it did. */
    void rethrowFailure() throws IOException {
        if (failure instanceof IOException exception) {
            throw new IOException(exception.getMessage(), exception);
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
        if (failure instanceof Error error) {
            throw error;
        }
    }

    // Nothing may be thrown through native frames, so both callbacks keep it for rethrowFailure.

    private int read(BytePointer target, int requested) {
        try {
            if (failure != null) {
                return IO_ERROR;
            }
            if (withoutData && position < length) {
                int passed = (int) Math.min(requested, length - position);
                position += passed;
                return passed;
            }
            int count = source.read(position, scratch, 0, Math.min(requested, scratch.length));
            if (count < 0) {
                endReached = true;
                return AVERROR_EOF;
            }
            if (count == 0) {
                throw new IOException("the storage returned no bytes at position " + position);
            }
            target.put(scratch, 0, count);
            position += count;
            return count;
        } catch (Throwable thrown) {
            failure = thrown;
            return IO_ERROR;
        }
    }

    private long seek(long offset, int whence) {
        try {
            if ((whence & AVSEEK_SIZE) != 0) {
                return length;
            }
            long base = switch (whence & ~AVSEEK_FORCE) {
                case SEEK_SET -> 0;
                case SEEK_CURRENT -> position;
                case SEEK_END -> length;
                default -> throw new ArithmeticException("unknown origin " + whence);
            };
            long target = Math.addExact(base, offset);
            if (target < 0) {
                return INVALID_ARGUMENT;
            }
            position = target;
            return target;
        } catch (ArithmeticException impossible) {
            return INVALID_ARGUMENT;
        } catch (Throwable thrown) {
            failure = thrown;
            return IO_ERROR;
        }
    }

    /** Frees the native side; the source stays open. */
    @Override
    public void close() {
        // FFmpeg may have replaced the buffer it was given.
        av_free(context.buffer());
        avio_context_free(context);
        OPEN.remove(key.address());
        av_free(key);
    }
}
