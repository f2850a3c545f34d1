// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.metrics;

import io.sparkreel.model.protobuf.ProtobufWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * Writes scalars to an event file that TensorBoard shows.
 *
 * <p>The file is a series of records, as {@code tensorflow/core/lib/io/record_writer.h} describes them: the length of
 * the data (8 bytes, little endian), a checksum of those bytes, the data, a checksum of it. The data is an Event
 * message in protocol buffer encoding: wall_time (1, double), step (2, int64), file_version (3, string) and summary
 * (5), which holds values (1) of a tag (1, string) and a simple_value (2, float); or a session_log (7) with a status (1,
 * an enumeration).
 */
public final class TensorBoardWriter implements AutoCloseable {

    private static final int CHECKSUM_OFFSET = 0xA282EAD8;

    private static final int SESSION_START = 1;

    private final OutputStream out;

    /**
     * Begins a file.
     *
     * @param out receives the file, named as {@link #fileName} says; closed by this writer
     * @param created wall time of the file's first record
     */
    public TensorBoardWriter(OutputStream out, Instant created) throws IOException {
        this.out = out;
        ProtobufWriter event = new ProtobufWriter();
        event.fixed64(1, Double.doubleToRawLongBits(seconds(created)));
        event.bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
        write(event);
    }

    /** The name TensorBoard finds event files by; files of one folder are one run, read in the order of their names. */
    public static String fileName(Instant created, String host) {
        return String.format(Locale.ROOT, "events.out.tfevents.%010d.%s", created.getEpochSecond(), host);
    }

    /** Tells readers that steps from this one on are taken anew: what they have read of them so far, they forget. */
    public void begin(long step, Instant time) throws IOException {
        ProtobufWriter session = new ProtobufWriter();
        session.varint(1, SESSION_START);
        ProtobufWriter event = new ProtobufWriter();
        event.fixed64(1, Double.doubleToRawLongBits(seconds(time)));
        event.varint(2, step);
        event.bytes(7, session.toByteArray());
        write(event);
    }

    /** Writes one point of a curve. */
    public void scalar(String tag, long step, float value, Instant time) throws IOException {
        ProtobufWriter point = new ProtobufWriter();
        point.bytes(1, tag.getBytes(StandardCharsets.UTF_8));
        point.fixed32(2, Float.floatToRawIntBits(value));
        ProtobufWriter summary = new ProtobufWriter();
        summary.bytes(1, point.toByteArray());
        ProtobufWriter event = new ProtobufWriter();
        event.fixed64(1, Double.doubleToRawLongBits(seconds(time)));
        event.varint(2, step);
        event.bytes(5, summary.toByteArray());
        write(event);
    }

    /** Hands on what was written, so that it can be seen while the run goes on. */
    public void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    private void write(ProtobufWriter message) throws IOException {
        byte[] data = message.toByteArray();
        ByteBuffer buffer = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(data.length);
        buffer.putInt(maskedChecksum(buffer.array(), 0, Long.BYTES));
        buffer.put(data);
        buffer.putInt(maskedChecksum(data, 0, data.length));
        out.write(buffer.array());
    }

    /** A checksum of data that may itself hold checksums: rotated and shifted by a constant. */
    private static int maskedChecksum(byte[] bytes, int offset, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, offset, length);
        return Integer.rotateRight((int) checksum.getValue(), 15) + CHECKSUM_OFFSET;
    }

    private static double seconds(Instant time) {
        return time.getEpochSecond() + time.getNano() * 1e-9;
    }
}
