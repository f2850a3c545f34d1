// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.torchfile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.Refusal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** More than a hundred pickles that a file of weights has no business with. */
class HostilePicklesTest {
    private static final String GOOD = "\u0080\u0002}X\u0001\u0000\u0000\u0000wctorch._utils\n_rebuild_tensor_v2\n"
            + "((X\u0007\u0000\u0000\u0000storagectorch\nFloatStorage\nX\u0001\u0000\u0000\u00000X\u0003\u0000\u0000\u0000cpuK\u0004tQ"
            + "K\u0000K\u0004\u0085K\u0001\u0085\u0089ccollections\nOrderedDict\n)RtRs.";

    @TempDir
    private Path folder;

    private Path archive(byte[] pickle) throws IOException {
        Path file = folder.resolve("weights.bin");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.setMethod(ZipOutputStream.STORED);
            for (Map.Entry<String, byte[]> entry :
                    Map.of("a/data.pkl", pickle, "a/data/0", new byte[16]).entrySet()) {
                ZipEntry header = new ZipEntry(entry.getKey());
                CRC32 checksum = new CRC32();
                checksum.update(entry.getValue());
                header.setCrc(checksum.getValue());
                header.setSize(entry.getValue().length);
                zip.putNextEntry(header);
                zip.write(entry.getValue());
            }
        }
        return file;
    }

    /** Text whose characters are bytes. */
    private static byte[] raw(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static Map<String, byte[]> hostile() {
        Map<String, byte[]> pickles = new LinkedHashMap<>();
        for (String global : List.of(
                "os system",
                "posix system",
                "nt system",
                "subprocess Popen",
                "subprocess check_output",
                "builtins eval",
                "builtins exec",
                "builtins getattr",
                "builtins __import__",
                "builtins open",
                "__builtin__ eval",
                "importlib import_module",
                "runpy run_path",
                "pty spawn",
                "shutil rmtree",
                "socket socket",
                "webbrowser open",
                "code interact",
                "pickle loads",
                "torch load",
                "torch.hub load",
                "torch._utils _rebuild_tensor",
                "torch._utils _rebuild_sparse_tensor",
                "torch jit",
                "torch FloatStorage2",
                "numpy.core.multiarray _reconstruct",
                "collections defaultdict",
                "functools partial",
                "copyreg _reconstructor",
                "operator attrgetter",
                "timeit timeit",
                "types CodeType",
                "ctypes CDLL",
                "asyncio run",
                "bdb Bdb")) {
            String[] name = global.split(" ");
            pickles.put(
                    "global " + global,
                    raw("\u0080\u0002c" + name[0] + "\n" + name[1] + "\n(X\u0002\u0000\u0000\u0000ls tR."));
            pickles.put(
                    "stacked global " + global,
                    raw("\u0080\u0004\u008c" + (char) name[0].length() + name[0] + "\u008c" + (char) name[1].length()
                            + name[1] + "\u0093\u008c\u0002ls\u0085R."));
        }
        for (char operation : ("iopPgILFSVTUBCd"
                        + "l012\u0081\u0082\u0083\u0084\u008b\u008d\u008e\u008f\u0090\u0091\u0092"
                        + "\u0096\u0097\u0098\u0000\u00ff")
                .toCharArray()) {
            pickles.put(
                    "instruction " + (int) operation,
                    raw(GOOD.substring(0, 2) + "((" + operation + "os\nsystem\n" + GOOD.substring(2)));
        }
        pickles.put("calls a text", raw("\u0080\u0002X\u0002\u0000\u0000\u0000ls)R."));
        pickles.put("calls a type of storage", raw("\u0080\u0002ctorch\nFloatStorage\n)R."));
        pickles.put("calls without arguments", raw("\u0080\u0002ctorch._utils\n_rebuild_tensor_v2\n)R."));
        pickles.put(
                "a parameter of a text",
                raw("\u0080\u0002ctorch._utils\n_rebuild_parameter\nX\u0001\u0000\u0000\u0000x\u0085R."));
        pickles.put("a dictionary of items", raw("\u0080\u0002ccollections\nOrderedDict\n]\u0085R."));
        pickles.put("a reference to nothing", raw("\u0080\u0002h\u0001."));
        pickles.put("a far reference", raw("\u0080\u0002}r\u00ff\u00ff\u00ff\u007fj\u00fe\u00ff\u00ff\u007f."));
        pickles.put("state for a number", raw("\u0080\u0002K\u0001}b."));
        pickles.put("an empty stack", raw("\u0080\u0002."));
        pickles.put("a mark as a value", raw("\u0080\u0002(."));
        pickles.put("another protocol", raw("\u0080\u0005}."));
        pickles.put("no tensors", raw("\u0080\u0002}."));
        pickles.put(
                "a tensor alone",
                raw("\u0080\u0002" + GOOD.substring(GOOD.indexOf("ctorch"), GOOD.length() - 2) + "."));
        pickles.put("more after the end", raw(GOOD + "}."));
        pickles.put("a list as key", raw("\u0080\u0002}]K\u0001s."));
        pickles.put("a key without value", raw("\u0080\u0002}(K\u0001u."));
        pickles.put("beyond its storage", raw(GOOD.replace("K\u0000K\u0004\u0085", "K\u0001K\u0004\u0085")));
        pickles.put("a stride beyond its storage", raw(GOOD.replace("K\u0001\u0085\u0089", "K\u0002\u0085\u0089")));
        pickles.put(
                "more elements than its storage",
                raw(GOOD.replace("K\u0004\u0085K\u0001\u0085", "K\u0005\u0085K\u0000\u0085")));
        pickles.put("a negative size", raw(GOOD.replace("K\u0004\u0085", "J\u00ff\u00ff\u00ff\u00ff\u0085")));
        pickles.put(
                "a negative stride", raw(GOOD.replace("K\u0001\u0085\u0089", "J\u00ff\u00ff\u00ff\u00ff\u0085\u0089")));
        pickles.put(
                "a size that overflows",
                raw(
                        GOOD.replace(
                                "K\u0004\u0085K\u0001\u0085",
                                "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007fK\u0002\u0086K\u0001K\u0001\u0086")));
        pickles.put(
                "a very long number",
                raw(GOOD.replace(
                        "K\u0004\u0085", "\u008a\u0009\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0085")));
        pickles.put("sizes without strides", raw(GOOD.replace("K\u0001\u0085\u0089", ")\u0089")));
        pickles.put("a storage that is not there", raw(GOOD.replace("\u00000X", "\u00001X")));
        pickles.put(
                "a storage elsewhere",
                raw(GOOD.replace("X\u0001\u0000\u0000\u00000X", "X\u0004\u0000\u0000\u0000../0X")));
        pickles.put("a storage longer than the file's", raw(GOOD.replace("cpuK\u0004t", "cpuK\u0005t")));
        pickles.put("a storage of another kind", raw(GOOD.replace("storage", "storagf")));
        pickles.put(
                "a text longer than the pickle",
                raw(GOOD.replace("X\u0001\u0000\u0000\u0000w", "X\u00ff\u00ff\u00ff\u007fw")));
        pickles.put(
                "a text of negative length",
                raw(GOOD.replace("X\u0001\u0000\u0000\u0000w", "X\u00ff\u00ff\u00ff\u00ffw")));
        pickles.put("a text that is no text", raw(GOOD.replace("\u0000w", "\u0000\u00c3")));
        pickles.put("an endless name", raw("\u0080\u0002c" + "x".repeat(100_000)));
        pickles.put("an endless name in all", raw("\u0080\u0002ctorch\n" + "x".repeat(200) + "\n)R."));
        // A list of ten of the list before, fifty times over: 10 to the 50 elements for whoever walks through them.
        pickles.put("a memo bomb", raw("\u0080\u0002]q\u0000" + bomb() + "."));
        pickles.put("a list that holds itself", raw("\u0080\u0002]q\u0000h\u0000ah\u0000h\u0000\u0086."));
        pickles.put("a million dictionaries", raw("\u0080\u0002" + "}".repeat(3_000_000) + "."));
        pickles.put("a million memos", raw("\u0080\u0002}" + "\u0094".repeat(3_000_000) + "."));
        pickles.put("a million marks", raw("\u0080\u0002" + "(".repeat(3_000_000) + "."));
        pickles.put("too long a pickle", new byte[17 << 20]);
        for (int end = 1; end < GOOD.length(); end += 7) {
            pickles.put("cut at " + end, raw(GOOD.substring(0, end)));
        }
        return pickles;
    }

    private static String bomb() {
        StringBuilder levels = new StringBuilder();
        for (int level = 0; level < 50; level++) {
            levels.append("](").append("h\u0000".repeat(10)).append("eq\u0000");
        }
        return levels.toString();
    }

    @Test
    void refusesThemAllInBounds() throws IOException {
        try (TorchFile good = TorchFile.open(archive(raw(GOOD)))) {
            assertEquals(4, good.floats("w").length);
        }
        Map<String, byte[]> pickles = hostile();
        assertTrue(pickles.size() >= 100, pickles.size() + " pickles");
        for (Map.Entry<String, byte[]> pickle : pickles.entrySet()) {
            Path file = archive(pickle.getValue());
            String message =
                    Refusal.inBounds(pickle.getKey(), () -> TorchFile.open(file).close());
            assertTrue(message.matches("Cannot read .*: .*\\. Give .*\\."), message);
        }
    }

    @Test
    void refusesCompressedEntries() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("a/data.pkl"));
            zip.write(new byte[1 << 20]);
        }
        Path file = Files.write(folder.resolve("compressed.bin"), bytes.toByteArray());
        String message = assertThrows(InvalidInputException.class, () -> TorchFile.open(file))
                .getMessage();
        assertTrue(message.contains("it is compressed"), message);
    }
}
