// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathIOException;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewFileTest {
    private static final byte[] OURS = "ours".getBytes(StandardCharsets.UTF_8);

    @TempDir
    private java.nio.file.Path work;

    private java.nio.file.Path file;
    private final Store store = new Store();

    @BeforeEach
    void start() throws IOException {
        file = work.resolve("00000001.json");
        store.initialize(URI.create("file:///"), new Configuration());
    }

    /** How a store and the way to it answer. */
    private enum Way {
        AS_S3,
        PASSES_OVER_THE_CONDITION,
        LOSES_THE_FIRST_ANSWER,
        CONFLICTS,
        REFUSES,
        SWITCHED_OFF,
        ENDS_MEANWHILE,
        UNREACHABLE
    }

    /** What S3A says of HTTP status 412. */
    private static final class RemoteFileChangedException extends PathIOException {
        private static final long serialVersionUID = 1L;

        RemoteFileChangedException(Path path) {
            super(path.toString(), "Precondition Failed");
        }
    }

    private static final class AWSUnsupportedFeatureException extends IOException {
        private static final long serialVersionUID = 1L;

        AWSUnsupportedFeatureException() {
            super("Status Code: 501");
        }
    }

    /** Files of this machine, as S3A would put them. */
    private final class Store extends RawLocalFileSystem {
        private Way way = Way.AS_S3;

        @Override
        public String getScheme() {
            return "s3a";
        }

        @Override
        @SuppressWarnings("rawtypes") // as it is declared
        public FSDataOutputStreamBuilder createFile(Path path) {
            return new Builder(this, path);
        }

        private void put(Path path, byte[] content) throws IOException {
            boolean taken = Files.exists(file);
            switch (way) {
                case CONFLICTS -> throw new IOException("(Service: S3, Status Code: 409, Request ID: 1)");
                case REFUSES -> throw new AWSUnsupportedFeatureException();
                case SWITCHED_OFF -> throw new PathIOException(path.toString(), "Conditional Writes Unavailable");
                case UNREACHABLE -> throw new IOException("Connection refused");
                case LOSES_THE_FIRST_ANSWER -> {
                    if (!taken) {
                        Files.write(file, content);
                    }
                    throw new RemoteFileChangedException(path);
                }
                case ENDS_MEANWHILE -> {
                    Files.delete(file);
                    throw new RemoteFileChangedException(path);
                }
                case PASSES_OVER_THE_CONDITION -> Files.write(file, content);
                case AS_S3 -> {
                    if (taken) {
                        throw new RemoteFileChangedException(path);
                    }
                    Files.write(file, content);
                }
            }
        }
    }

    private final class Builder extends FSDataOutputStreamBuilder<FSDataOutputStream, Builder> {
        private final Path path;

        Builder(FileSystem files, Path path) {
            super(files, path);
            this.path = path;
        }

        @Override
        public Builder getThisBuilder() {
            return this;
        }

        @Override
        public FSDataOutputStream build() throws IOException {
            assertTrue(getMandatoryKeys().contains("fs.option.create.conditional.overwrite"));
            ByteArrayOutputStream content = new ByteArrayOutputStream() {
                @Override
                public void close() throws IOException {
                    store.put(path, toByteArray());
                }
            };
            return new FSDataOutputStream(content, null);
        }
    }

    private boolean create(Way way) throws IOException {
        store.way = way;
        return NewFile.create(store, new Path(file.toUri()), OURS);
    }

    @Test
    void oneIsTheFirst() throws IOException {
        assertTrue(create(Way.AS_S3));
        Files.writeString(file, "theirs");
        assertFalse(create(Way.AS_S3));
        assertEquals("theirs", Files.readString(file));
        assertFalse(create(Way.LOSES_THE_FIRST_ANSWER));
        assertFalse(create(Way.CONFLICTS));
    }

    @Test
    void whatWasMadeThoughItsAnswerWasLostIsOurs() throws IOException {
        assertTrue(create(Way.LOSES_THE_FIRST_ANSWER));
        assertArrayEquals(OURS, Files.readAllBytes(file));
    }

    /** Not a store that cannot: the owner has ended between the two looks. */
    @Test
    void anOwnerThatEndsMeanwhileIsAskedAfterAgain() throws IOException {
        Files.writeString(file, "theirs");
        assertFalse(create(Way.ENDS_MEANWHILE));
        assertFalse(Files.exists(file));
    }

    @Test
    void storesThatCannotAreFoundOut() throws IOException {
        for (Way way : new Way[] {Way.PASSES_OVER_THE_CONDITION, Way.REFUSES, Way.SWITCHED_OFF}) {
            assertThrows(UnsupportedOperationException.class, () -> create(way), way.name());
            assertFalse(Files.exists(file), "nothing is left of it");
        }
    }

    /** Whoever takes that for a store that cannot goes on without a lease. */
    @Test
    void aStoreThatDoesNotAnswerIsNoStoreThatCannot() {
        assertEquals(
                "Connection refused",
                assertThrows(IOException.class, () -> create(Way.UNREACHABLE)).getMessage());
    }
}
