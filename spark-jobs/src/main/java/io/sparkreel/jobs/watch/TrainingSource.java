// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;

/**
 * The newest scalars of a run as gauges of the driver in Spark's own metrics, so that whatever sinks a cluster has
 * (JMX, Prometheus, Graphite, CSV) show them: {@code <application>.driver.sparkreel.loss} and so on, beside the
 * {@code step} they are of.
 */
final class TrainingSource implements Source, LineSink {
    private static final String NAME = "sparkreel";

    private final MetricRegistry registry = new MetricRegistry();
    private final Map<String, Double> newest = new ConcurrentHashMap<>();

    /** Begins to be seen by the sinks of this process. */
    TrainingSource() {
        for (String name : new String[] {"step", "loss", "samples_per_s", "tokens_per_s", "tflops"}) {
            show(name, Double.NaN);
        }
        SparkEnv.get().metricsSystem().registerSource(this);
    }

    @Override
    public String sourceName() {
        return NAME;
    }

    @Override
    public MetricRegistry metricRegistry() {
        return registry;
    }

    @Override
    public void line(JsonNode line) {
        Map<String, Double> scalars = Scalars.of(line);
        if (!scalars.isEmpty()) {
            show("step", line.path("step").asDouble());
            scalars.forEach(this::show);
        }
    }

    private void show(String scalar, double value) {
        String name = scalar.replace('/', '.');
        if (newest.put(name, value) == null) {
            registry.register(name, (Gauge<Double>) () -> newest.get(name));
        }
    }

    @Override
    public void close() {
        SparkEnv.get().metricsSystem().report(); // the last lines may be younger than the sinks' last look
        SparkEnv.get().metricsSystem().removeSource(this);
    }
}
