package io.neurojoule.sensor.prometheus;

import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.HttpText;
import io.neurojoule.sensor.Meter;
import io.neurojoule.sensor.Meters;
import io.neurojoule.sensor.PowerSource;
import io.neurojoule.sensor.Settings;
import io.neurojoule.sensor.SettingsException;
import io.neurojoule.sensor.SourceConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Metrics of exporters, each described and named by the user.
public final class PrometheusSource implements PowerSource {
    static final String NAME = "prometheus";

    /// The text format, version 0.0.4.
    private static final String ACCEPT = "text/plain;version=0.0.4";

    /// An exporter of a large machine gives some hundred kilobytes.
    private static final long MOST_BYTES = 32L << 20;

    private static final Meters METERS = new Meters(
            NAME,
            keys(),
            "prometheus:host1,url=http://10.0.0.9:9100/metrics,"
                    + "metric='node_rapl_package_joules_total{path=\"/sys/class/powercap/intel-rapl:0\"}',unit=J",
            "Look what it offers: curl -s URL | grep -i -e joule -e watt. One metric with labels that fit one series.");

    /// A sample says itself whether it has a time.
    private static List<String> keys() {
        List<String> keys = new ArrayList<>(HttpText.KEYS);
        keys.add("metric");
        return Stream.concat(keys.stream(), Meter.KEYS.stream().filter(key -> !key.equals("time")))
                .toList();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Discovery discover(SourceConfig config) {
        return METERS.discover(config, PrometheusSource::plan);
    }

    private static Meters.Plan plan(String owner, Settings settings) {
        Meter described = Meter.of(owner, settings);
        Meter meter = new Meter(described.channel(), described.digits(), Meter.Time.UNIX_MS);
        String text = settings.required("metric");
        Series wanted = Series.parse(text)
                .orElseThrow(() -> new SettingsException(
                        "%s: metric must be NAME or NAME{LABEL=\"VALUE\",…}: '%s'".formatted(owner, text)));
        HttpText.Question question = HttpText.Question.of(owner, settings, ACCEPT, MOST_BYTES);
        return Meters.asking(meter, () -> new PrometheusFeed(question.open(), wanted));
    }
}
