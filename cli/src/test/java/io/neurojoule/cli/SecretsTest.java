package io.neurojoule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.Signal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/// A run with sources that need secrets has none of them in its directory, nor on the screen.
class SecretsTest {
    private static final Map<String, String> ENVIRONMENT =
            Map.of("BMC_PW", "powerlab", "AUTH_PW", "powerlab-auth", "PRIV_PW", "powerlab-priv");

    /// The passwords (each begins with the first), the same in a header of HTTP, and how tokens of the laboratory
    /// begin.
    private static final List<String> SECRETS = List.of("powerlab", "cG93ZXJsYW", "cm9vdDpwb3dlcmxhY", "0".repeat(31));

    @TempDir
    Path directory;

    private Lab.Run run(String... arguments) throws Exception {
        List<String> command = Program.command(List.of(arguments));
        command.addAll(List.of("-o", directory.resolve("run").toString()));
        Lab.Run run = Lab.run(
                List.of(
                        "--rapl",
                        "intel-2s",
                        "--profile",
                        "const:100",
                        "--redfish",
                        "9654",
                        "--snmp",
                        "9672",
                        "--fault",
                        "redfish,badcc=401,from=9,to=10",
                        "--fault",
                        "snmp,garbage,from=9,to=10"),
                command,
                ENVIRONMENT,
                Duration.ofMinutes(2));
        assertThat(run.exit()).as(run.stdout() + run.stderr()).isZero();
        return run;
    }

    private void isClean(Lab.Run run) throws IOException {
        Recording recording = Recording.open(directory.resolve("run"));
        assertThat(recording.signals())
                .filteredOn(signal -> signal.size() > 0)
                .extracting(signal -> signal.channel().id())
                .contains("redfish:bmc1/node", "redfish:bmc1/supply-1", "snmp:pdu1/outlet-5");
        assertThat(recording.info().members("cpu", "wall")).containsExactly("snmp:pdu1/outlet-5");
        assertThat(recording.info().members("cpu", "node")).containsExactly("redfish:bmc1/node-energy");
        assertThat(recording.signals().stream().mapToInt(Signal::size)).allMatch(size -> size > 0);
        int files = 0;
        try (Stream<Path> all = Files.walk(directory.resolve("run"))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(SECRETS);
                files++;
            }
        }
        assertThat(files).isGreaterThan(8);
        assertThat(run.stdout() + run.stderr()).doesNotContain(SECRETS);
    }

    @LabTest(needs = "snmpd")
    void profileKeepsNoSecret() throws Exception {
        isClean(run(
                "profile",
                "--adapter",
                "python3 " + Lab.root().resolve("examples/my_net.py"),
                "--precision",
                "fp32",
                "--batch",
                "8",
                "--seconds",
                "1",
                "--repeats",
                "2",
                "--idle",
                "0.5",
                "--simulated",
                "laboratory",
                "--source",
                "redfish:bmc1,url=http://127.0.0.1:9654,user=root,password_env=BMC_PW,refresh=0.01",
                "--source",
                "snmp:pdu1,host=127.0.0.1,port=9672,version=3,user=reader,auth=SHA,auth_password_env=AUTH_PW,"
                        + "priv=AES,priv_password_env=PRIV_PW,device=raritan,outlets=5,refresh=0.01"));
    }

    @LabTest(needs = "snmpd")
    void anExperimentFileNamesWhereTheSecretIsAndItsCopyHasNoMore() throws Exception {
        Path secret = directory.resolve("bmc-password");
        Files.writeString(secret, "powerlab\n");
        Path file = directory.resolve("experiment.yaml");
        Files.writeString(file, """
                version: 1
                name: my-net
                model: {name: my-net}
                matrix: {batch: [8], precision: [fp32]}
                targets:
                  cpu:
                    simulated: laboratory
                    workload: {adapter: command, command: [python3, %s]}
                    sources:
                      options:
                        "redfish:bmc1": {url: "http://127.0.0.1:9654", user: root, password_file: %s, login: basic, refresh: "0.01"}
                        "snmp:pdu1": {host: 127.0.0.1, port: "9672", device: raritan, outlets: "5", refresh: "0.01"}
                method:
                  idle: {seconds: 0.5}
                  warmup: {min_seconds: 0.1}
                  measure: {min_seconds: 1, min_updates: 5, repeats: 2}
                """.formatted(Lab.root().resolve("examples/my_net.py"), secret));

        isClean(run("run", file.toString()));
    }
}
