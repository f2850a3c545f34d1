// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keys of Open-Sora whose work is done otherwise here: they are taken out, and a line says what does it. */
final class Notices {
    private static final Map<String, String> MODEL_KEYS = new LinkedHashMap<>();
    private static final Map<String, String> TRAINING_KEYS = new LinkedHashMap<>();
    private static final Map<String, String> INFERENCE_KEYS = new LinkedHashMap<>();
    private static final Map<String, String> BUCKETING_KEYS =
            Map.of("num_bucket_build_workers", "Spark assigns buckets on all its cores");

    static {
        MODEL_KEYS.put("model.enable_flashattn", "attention is always the fused kernel of libtorch");
        MODEL_KEYS.put("model.enable_flash_attn", "attention is always the fused kernel of libtorch");
        MODEL_KEYS.put("model.enable_layernorm_kernel", "layer norm and modulation are always one compiled kernel");
        MODEL_KEYS.put("vae.cache_dir", "HF_HOME says where downloads are kept");
        MODEL_KEYS.put("text_encoder.cache_dir", "HF_HOME says where downloads are kept");

        TRAINING_KEYS.put("num_workers", "threads_per_rank sets the threads of a rank");
        TRAINING_KEYS.put("num_bucket_build_workers", "the bucketing job has assigned the buckets");
        TRAINING_KEYS.put("plugin", "the executors of the Spark job are the data-parallel ranks");
        TRAINING_KEYS.put("sp_size", "STDiT2 has no sequence parallelism; the executors are data-parallel ranks");
        TRAINING_KEYS.putAll(MODEL_KEYS);

        INFERENCE_KEYS.put("multi_resolution", "the model is always told size, frames and fps");
        INFERENCE_KEYS.putAll(MODEL_KEYS);
    }

    private Notices() {}

    /** Removes such keys from a tree and returns a line for each. */
    static List<String> take(Class<?> configuration, ObjectNode tree) {
        List<String> notices = new ArrayList<>();
        keys(configuration).forEach((path, instead) -> {
            int dot = path.lastIndexOf('.');
            JsonNode section = dot < 0 ? tree : tree.get(path.substring(0, dot));
            if (section instanceof ObjectNode object && object.remove(path.substring(dot + 1)) != null) {
                notices.add("'" + path + "' has no effect here: " + instead + ".");
            }
        });
        return List.copyOf(notices);
    }

    private static Map<String, String> keys(Class<?> configuration) {
        if (configuration == TrainingConfig.class) {
            return TRAINING_KEYS;
        }
        return configuration == InferenceConfig.class ? INFERENCE_KEYS : BUCKETING_KEYS;
    }
}
