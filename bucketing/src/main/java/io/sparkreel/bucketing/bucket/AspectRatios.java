// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.NearestName;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The known resolutions: those of Open-Sora 1.1 and any of one's own. Names ignore case. */
public final class AspectRatios {

    private static final String RESOURCE = "aspect-ratios.txt";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_]*");
    private static final Pattern LABEL = Pattern.compile("[0-9]+(\\.[0-9]+)?");
    private static final double LABEL_TOLERANCE = 0.05;

    private final Map<String, Resolution> resolutions;

    private AspectRatios(Map<String, Resolution> resolutions) {
        this.resolutions = resolutions;
    }

    /** The ten resolutions of Open-Sora 1.1. */
    public static AspectRatios predefined() {
        return Predefined.TABLE;
    }

    /** All resolutions, predefined ones first. */
    public List<Resolution> resolutions() {
        return List.copyOf(resolutions.values());
    }

    /** The resolution of that name, whatever its case. */
    public Optional<Resolution> find(String name) {
        return Optional.ofNullable(resolutions.get(key(name)));
    }

    /**
     * The resolution of that name, whatever its case.
     *
     * @throws InvalidInputException naming the nearest known name when there is none
     */
    public Resolution require(String name) {
        return find(name)
                .orElseThrow(() -> new InvalidInputException(String.format(
                        Locale.ROOT,
                        "Cannot use resolution \"%s\": it is not defined. Did you mean \"%s\"? Known are %s.",
                        name,
                        NearestName.of(name, names()),
                        String.join(", ", names()))));
    }

    private List<String> names() {
        return resolutions.values().stream().map(Resolution::name).toList();
    }

    /**
     * A table with one more resolution.
     *
     * @param name letters, digits and underscores
     * @param pixels nominal pixels of a frame
     * @param ratios label (height / width, such as "0.56") to [height, width] in pixels, in the order
     *     that decides ties
     * @throws InvalidInputException naming what does not fit
     */
    public AspectRatios with(String name, long pixels, Map<String, List<Integer>> ratios) {
        if (!NAME.matcher(name).matches()) {
            throw invalid(name, "the name has other characters", "Use letters, digits and underscores");
        }
        if (find(name).isPresent()) {
            throw invalid(name, "a resolution of that name exists", "Choose another name");
        }
        if (pixels < 1) {
            throw invalid(name, "pixels is " + pixels, "Give the pixels of a frame, height times width");
        }
        if (ratios.isEmpty()) {
            throw invalid(name, "it has no aspect ratio", "Give at least one, such as \"0.56\": [240, 426]");
        }
        List<AspectRatio> shapes = new ArrayList<>();
        ratios.forEach((label, size) -> shapes.add(shape(name, label, size)));
        for (int i = 0; i < shapes.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (shapes.get(i).value() == shapes.get(j).value()) {
                    throw invalid(
                            name,
                            String.format(
                                    Locale.ROOT,
                                    "aspect ratios \"%s\" and \"%s\" are equal",
                                    shapes.get(j).label(),
                                    shapes.get(i).label()),
                            "Keep one of them");
                }
            }
        }
        Map<String, Resolution> more = new LinkedHashMap<>(resolutions);
        more.put(key(name), new Resolution(name, pixels, shapes));
        return new AspectRatios(more);
    }

    private static AspectRatio shape(String name, String label, List<Integer> size) {
        String found = String.format(Locale.ROOT, "aspect ratio \"%s\": %s", label, size);
        if (!LABEL.matcher(label).matches()) {
            throw invalid(name, found, "Label it by height / width as a decimal number, such as \"0.56\"");
        }
        if (size == null || size.size() != 2 || size.stream().anyMatch(side -> side == null || side < 1)) {
            throw invalid(name, found, "Give [height, width] in pixels");
        }
        AspectRatio shape = new AspectRatio(label, size.get(0), size.get(1));
        double actual = (double) shape.height() / shape.width();
        if (Math.abs(shape.value() / actual - 1) > LABEL_TOLERANCE) {
            throw invalid(
                    name,
                    found,
                    String.format(Locale.ROOT, "Label [height, width] by height / width, here %.2f", actual));
        }
        return shape;
    }

    private static InvalidInputException invalid(String name, String found, String remedy) {
        return new InvalidInputException(
                String.format(Locale.ROOT, "Cannot define resolution \"%s\": %s. %s.", name, found, remedy));
    }

    private static String key(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /** Read when first used. */
    private static final class Predefined {

        static final AspectRatios TABLE = read();

        private static AspectRatios read() {
            Map<String, Resolution> resolutions = new LinkedHashMap<>();
            try (BufferedReader reader = new BufferedReader(
                    new InputStreamReader(AspectRatios.class.getResourceAsStream(RESOURCE), StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    String[] words = line.trim().split(" ");
                    if (line.startsWith("#")) {
                        continue;
                    }
                    if (words.length == 2) {
                        Resolution empty = new Resolution(words[0], Long.parseLong(words[1]), List.of());
                        resolutions.put(key(words[0]), empty);
                    } else {
                        List<Resolution> known = List.copyOf(resolutions.values());
                        Resolution current = known.get(known.size() - 1);
                        List<AspectRatio> shapes = new ArrayList<>(current.aspectRatios());
                        shapes.add(new AspectRatio(words[0], Integer.parseInt(words[1]), Integer.parseInt(words[2])));
                        resolutions.put(key(current.name()), new Resolution(current.name(), current.pixels(), shapes));
                    }
                }
            } catch (IOException exception) {
                throw new UncheckedIOException(exception);
            }
            return new AspectRatios(resolutions);
        }
    }
}
