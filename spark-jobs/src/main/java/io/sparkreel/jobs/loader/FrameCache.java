// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import io.sparkreel.bucketing.media.DecodedClip;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Decoded, resized clips of one rank, the least recently used dropped first. Safe for several threads. */
final class FrameCache {
    /** A clip at a size. */
    record Key(long clipId, int height, int width) {}

    private final long capacity;
    private final Map<Key, DecodedClip> clips = new LinkedHashMap<>(16, 0.75f, true);
    private long used;

    /** @param capacityBytes most memory the frames may take */
    FrameCache(long capacityBytes) {
        capacity = capacityBytes;
    }

    /** The most that one clip may take, so that it does not push out all others. */
    long largestClip() {
        return capacity / 2;
    }

    /** The whole clip, or null. */
    synchronized DecodedClip find(Key key) {
        return clips.get(key);
    }

    /** Keeps a clip, dropping others to make room. */
    synchronized void put(Key key, DecodedClip clip) {
        DecodedClip before = clips.put(key, clip);
        used += bytes(clip) - (before == null ? 0 : bytes(before));
        Iterator<DecodedClip> oldest = clips.values().iterator();
        while (used > capacity && oldest.hasNext()) {
            used -= bytes(oldest.next());
            oldest.remove();
        }
    }

    private static long bytes(DecodedClip clip) {
        return (long) clip.frames().values().length * Float.BYTES;
    }
}
