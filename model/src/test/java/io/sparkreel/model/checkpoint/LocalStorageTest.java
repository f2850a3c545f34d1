// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStorageTest {

    @TempDir
    Path root;

    @Test
    void filesAreWrittenReadListedAndRemoved() throws IOException {
        Storage storage = new LocalStorage(root.resolve("new"));
        assertEquals(List.of(), storage.list(""));
        try (OutputStream out = storage.create("a/b/c.bin")) {
            out.write(1);
            out.write(new byte[] {2, 3, 4}, 1, 2);
        }
        assertEquals(3, storage.size("a/b/c.bin"));
        try (InputStream in = storage.open("a/b/c.bin")) {
            assertArrayEquals(new byte[] {1, 3, 4}, in.readAllBytes());
        }
        storage.atomicPut("a/z", new byte[] {9});
        storage.atomicPut("a/z", new byte[] {8, 8});
        assertEquals(2, storage.size("a/z"));
        assertEquals(List.of("b", "z"), storage.list("a"));
        assertEquals(List.of(), storage.list("a/z"));
        assertTrue(storage.exists("a/b"));
        storage.delete("a");
        storage.delete("a");
        assertFalse(storage.exists("a"));
        assertEquals(root.resolve("new/x/y"), storage.localPath("x/y").orElseThrow());
    }

    @Test
    void aFailedPutLeavesTheOldContentAndNothingElse() throws IOException {
        Storage storage = new LocalStorage(root);
        Files.createDirectories(root.resolve("taken/by-folder"));
        assertThrows(IOException.class, () -> storage.atomicPut("taken", new byte[1]));
        assertEquals(List.of("taken"), storage.list(""));
    }

    @Test
    void removingDoesNotFollowLinks() throws IOException {
        Path outside = Files.createDirectories(root.resolve("outside"));
        Files.createFile(outside.resolve("precious"));
        Storage storage = new LocalStorage(root.resolve("inside"));
        storage.create("folder/file").close();
        Files.createSymbolicLink(root.resolve("inside/folder/link"), outside);
        storage.delete("folder");
        assertTrue(Files.exists(outside.resolve("precious")));
    }

    @Test
    void pathsStayInside() {
        Storage storage = new LocalStorage(root.resolve("inside"));
        assertThrows(IllegalArgumentException.class, () -> storage.exists("../outside"));
        assertThrows(IllegalArgumentException.class, () -> storage.open("/etc/hostname"));
    }
}
