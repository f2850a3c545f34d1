// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.quickstart;

import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.write.PixelImages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A picture of clips in pairs: in each row the first, middle and last frame of one, then of the other. */
public final class ContactSheet {
    private static final int SCALE = 2;
    private static final int GAP = 8;

    private final List<List<Tile>> rows = new ArrayList<>();

    /** A frame as bytes [height, width, 3]. */
    private record Tile(byte[] rgb, int height, int width) {}

    /** Adds a row. */
    public void add(PixelClip left, PixelClip right) {
        List<Tile> row = new ArrayList<>(tiles(left));
        row.addAll(tiles(right));
        rows.add(row);
    }

    private static List<Tile> tiles(PixelClip clip) {
        int last = clip.frames() - 1;
        int[] chosen = last == 0 ? new int[] {0} : new int[] {0, last / 2, last};
        List<Tile> tiles = new ArrayList<>();
        for (int frame : chosen) {
            tiles.add(new Tile(PixelImages.toRgb24(clip, frame), clip.height(), clip.width()));
        }
        return tiles;
    }

    /** Writes a png. */
    public void write(Path file) throws IOException {
        int width = 1;
        int height = GAP;
        for (List<Tile> row : rows) {
            width = Math.max(
                    width,
                    row.stream().mapToInt(tile -> tile.width() * SCALE + GAP).sum() + 2 * GAP);
            height += row.get(0).height() * SCALE + GAP;
        }
        byte[] sheet = new byte[3 * width * height];
        int top = GAP;
        for (List<Tile> row : rows) {
            int left = GAP;
            for (int i = 0; i < row.size(); i++) {
                left += i == row.size() / 2 ? GAP : 0; // a wider gap between real and sampled
                draw(row.get(i), sheet, width, top, left);
                left += row.get(i).width() * SCALE + GAP;
            }
            top += row.get(0).height() * SCALE + GAP;
        }
        PixelImages.writePng(file, sheet, width, height);
    }

    private static void draw(Tile tile, byte[] sheet, int sheetWidth, int top, int left) {
        for (int y = 0; y < tile.height() * SCALE; y++) {
            for (int x = 0; x < tile.width() * SCALE; x++) {
                int from = 3 * (y / SCALE * tile.width() + x / SCALE);
                System.arraycopy(tile.rgb(), from, sheet, 3 * ((top + y) * sheetWidth + left + x), 3);
            }
        }
    }
}
