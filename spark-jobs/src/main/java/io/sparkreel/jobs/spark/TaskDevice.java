// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import io.sparkreel.jobs.config.Device;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/**
 * Chooses what a task computes on. Spark gives out GPUs by address, so that no two executors of a machine take the
 * same. A GPU that was given and does not compute is an error, never a reason to fall back to the CPU.
 */
public final class TaskDevice {
    /** Settings of Spark: the GPUs of an executor, and the share that a task takes, which the jobs know. */
    public static final String EXECUTOR_GPUS = "spark.executor.resource.gpu.amount";

    public static final String TASK_GPUS = "spark.task.resource.gpu.amount";

    private static final Logger LOG = LogManager.getLogger(TaskDevice.class);
    private static final String GPU = "gpu";
    private static final String PROFILE = "start with --properties-file conf/spark/gpu.conf";

    private TaskDevice() {}

    /** A task's device for the model, chosen and tried. */
    public static Tensors tensors(Device wanted) {
        List<String> addresses = addresses();
        boolean alone = SparkEnv.get() == null || SparkEnv.get().executorId().equals("driver");
        Tensors device = choose(
                wanted,
                addresses,
                System.getenv("CUDA_VISIBLE_DEVICES"),
                alone,
                index -> Torch.problem(Tensors.onGpu(index)));
        LOG.info("Computing on {}{}", device.device(), addresses.isEmpty() ? "" : ", Spark's GPU " + addresses);
        return device;
    }

    /** The addresses of the GPUs that Spark gave to the running task. */
    public static List<String> addresses() {
        TaskContext context = TaskContext.get();
        return context == null || !context.resourcesJMap().containsKey(GPU)
                ? List.of()
                : List.of(context.resourcesJMap().get(GPU).addresses());
    }

    /**
     * @param addresses the GPUs that Spark gave
     * @param visible CUDA_VISIBLE_DEVICES, which renumbers GPUs, or null
     * @param alone whether this is the only process of the application that computes, so that it may help itself
     * @param problem why the GPU of an index cannot be used, if so
     * @throws UserError if there is a GPU that cannot be used, or none where one is wanted
     */
    public static Tensors choose(
            Device wanted,
            List<String> addresses,
            String visible,
            boolean alone,
            IntFunction<Optional<String>> problem) {
        if (wanted == Device.CPU) {
            return Tensors.onHost();
        }
        if (!addresses.isEmpty()) {
            int index = index(addresses.get(0), visible);
            problem.apply(index).ifPresent(found -> {
                throw new UserError("Cannot compute on GPU " + addresses.get(0) + ", which Spark gave to this task: "
                        + found + ". Point PYTORCH_LIBRARY_PATH at a libtorch 2.7.1 for CUDA that fits the driver, or"
                        + " give --device cpu.");
            });
            return Tensors.onGpu(index);
        }
        Optional<String> found = problem.apply(0);
        if (found.isEmpty() && alone) {
            return Tensors.onGpu(0);
        }
        if (found.isEmpty()) {
            throw new UserError("Cannot choose a GPU: there are some, but Spark gave this task none of them, so that"
                    + " two executors could take the same. Set " + EXECUTOR_GPUS + " ("
                    + PROFILE + "), or give --device cpu.");
        }
        if (wanted == Device.CUDA) {
            throw new UserError("Cannot compute on a GPU: Spark gave this task none, and libtorch finds none, "
                    + found.get() + ". To have them, " + PROFILE + "; or give --device cpu.");
        }
        return Tensors.onHost();
    }

    /**
     * Libtorch's number of a GPU: it counts the visible ones from 0, while Spark's addresses are what the discovery
     * script printed.
     *
     * @throws UserError if that is unknown
     */
    public static int index(String address, String visible) {
        if (visible != null && !visible.isBlank()) {
            int place = Arrays.stream(visible.split(","))
                    .map(String::strip)
                    .toList()
                    .indexOf(address);
            if (place >= 0) {
                return place;
            }
        }
        if (!address.matches("\\d{1,4}") || (visible != null && !visible.isBlank())) {
            throw new UserError("Cannot tell which GPU '" + address + "' is, the address that Spark gave to this task:"
                    + " CUDA_VISIBLE_DEVICES is " + (visible == null ? "not set" : "'" + visible + "'")
                    + ". Let the discovery script print what stands there, as submit/discover-gpus does.");
        }
        return Integer.parseInt(address);
    }

    /** Says before a job starts that it will not use GPUs, if so. */
    public static void announce(Device wanted) {
        SparkConf conf = new SparkConf();
        if (wanted == Device.CPU) {
            LOG.info("Computing on CPUs, as --device cpu says");
        } else if (!conf.contains(EXECUTOR_GPUS) && !SparkMaster.of(conf).isLocal()) {
            LOG.info(
                    "Spark is not asked for GPUs: the executors compute on CPUs{}. For GPUs, {}",
                    wanted == Device.CUDA ? ", which --device cuda forbids" : "",
                    PROFILE);
        }
    }
}
