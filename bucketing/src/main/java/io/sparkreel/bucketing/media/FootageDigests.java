// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.bytedeco.ffmpeg.avcodec.AVPacket;

/** What tells whether two files hold the same video: digests in lower-case hexadecimal. Nothing is decoded. */
public final class FootageDigests {

    private static final int BUFFER = 1 << 20;

    private FootageDigests() {}

    /** The SHA-256 of all bytes, by which copies of a file are found. */
    public static String ofContent(MediaSource source) throws IOException {
        MessageDigest digest = digest("SHA-256");
        byte[] buffer = new byte[BUFFER];
        long position = 0;
        for (int read = source.read(0, buffer, 0, BUFFER); read >= 0; read = source.read(position, buffer, 0, BUFFER)) {
            digest.update(buffer, 0, read);
            position += read;
        }
        return hex(digest);
    }

    /**
     * The MD5 of the packets of the picture stream, by which a video is found in another container too, as {@code ffmpeg -i
     * FILE -map 0:v:0 -c copy -f md5 -} prints it. Reads them without decoding.
     */
    public static String ofPackets(MediaSource source) throws MediaException, IOException {
        MessageDigest digest = packetDigest();
        try (NativeInput input = NativeInput.open(source);
                PacketQueue packets = new PacketQueue(input, false)) {
            packets.digestInto(digest);
            AVPacket packet = av_packet_alloc();
            try {
                while (packets.take(packet) >= 0) {
                    av_packet_unref(packet);
                }
            } finally {
                av_packet_free(packet);
            }
        }
        return hex(digest);
    }

    /** For the packets of {@link #ofPackets}. */
    static MessageDigest packetDigest() {
        return digest("MD5");
    }

    static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has " + algorithm, e);
        }
    }
}
