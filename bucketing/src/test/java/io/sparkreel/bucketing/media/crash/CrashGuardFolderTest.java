// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrashGuardFolderTest {

    @TempDir
    Path temporary;

    private String before;

    @BeforeEach
    void useTheTemporaryFolder() {
        before = System.setProperty("java.io.tmpdir", temporary.toString());
    }

    @AfterEach
    void restore() {
        System.setProperty("java.io.tmpdir", before);
    }

    @Test
    void marksLieWhereTheProcessKeepsTemporaryFilesAndOnlyItsUserReadsThem() throws Exception {
        Path folder = CrashGuard.folder("a job");
        assertTrue(folder.startsWith(temporary), folder.toString());
        try (CrashGuard guard = CrashGuard.ofJob("a job")) {
            assertFalse(guard.isKnownToCrash("clip"));
        }
        Path own = folder.getParent().getParent();
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(own)));
        Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwxrwxrwx"));
        CrashGuard.ofJob("a job").close();
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(own)));
    }

    @Test
    void theFolderOfAnotherUserIsRefusedByName() throws Exception {
        UserPrincipal own = Files.getOwner(temporary);
        UserPrincipal other = temporary
                .getFileSystem()
                .getUserPrincipalLookupService()
                .lookupPrincipalByName(own.getName().equals("root") ? "nobody" : "root");
        CrashGuard.requireOwner(temporary, own);
        IOException refused = assertThrows(IOException.class, () -> CrashGuard.requireOwner(temporary, other));
        assertTrue(refused.getMessage().contains(temporary + " belongs to " + own.getName()), refused.getMessage());
    }

    @Test
    void withoutMarksFilesAreOpenedAsEver() throws Exception {
        Files.writeString(temporary.resolve("file"), "no folder");
        System.setProperty("java.io.tmpdir", temporary.resolve("file").toString());
        assertThrows(IOException.class, () -> CrashGuard.ofJob("a job"));
        try (CrashGuard guard = CrashGuard.withoutMarks();
                CrashGuard.Opening first = guard.enter("clip");
                CrashGuard.Opening second = guard.enter("clip")) {
            assertFalse(guard.isKnownToCrash("clip"));
            assertNotSame(first, second);
        }
    }
}
