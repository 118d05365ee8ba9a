package io.neurojoule.sensor.ipmi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.StructLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The structures and numbers are those that a C compiler makes of the kernel's header.
class IpmiDeviceTest {
    private static final String PROGRAM = """
            #include <stddef.h>
            #include <stdio.h>
            #include <sys/ioctl.h>
            #include <poll.h>
            #include <linux/ipmi.h>
            #define AT(s, f) printf("%s.%s %zu\\n", #s, #f, offsetof(struct s, f));
            #define SIZE(s) printf("%s %zu\\n", #s, sizeof(struct s));
            int main(void) {
                printf("send %lx\\n", (unsigned long) IPMICTL_SEND_COMMAND);
                printf("receive %lx\\n", (unsigned long) IPMICTL_RECEIVE_MSG_TRUNC);
                printf("address %x %x %d\\n", IPMI_SYSTEM_INTERFACE_ADDR_TYPE, IPMI_BMC_CHANNEL, IPMI_RESPONSE_RECV_TYPE);
                printf("pollin %x\\n", POLLIN);
                printf("longest %d\\n", IPMI_MAX_MSG_LENGTH);
                SIZE(ipmi_system_interface_addr) AT(ipmi_system_interface_addr, addr_type)
                AT(ipmi_system_interface_addr, channel) AT(ipmi_system_interface_addr, lun)
                SIZE(ipmi_req) AT(ipmi_req, addr) AT(ipmi_req, addr_len) AT(ipmi_req, msgid) AT(ipmi_req, msg.netfn)
                AT(ipmi_req, msg.cmd) AT(ipmi_req, msg.data_len) AT(ipmi_req, msg.data)
                SIZE(ipmi_recv) AT(ipmi_recv, recv_type) AT(ipmi_recv, addr) AT(ipmi_recv, addr_len) AT(ipmi_recv, msgid)
                AT(ipmi_recv, msg.netfn) AT(ipmi_recv, msg.cmd) AT(ipmi_recv, msg.data_len) AT(ipmi_recv, msg.data)
                SIZE(pollfd) AT(pollfd, fd) AT(pollfd, events) AT(pollfd, revents)
                return 0;
            }
            """;

    @TempDir
    private Path folder = Path.of("");

    private static String at(StructLayout struct, String name, String... path) {
        return "%s.%s %d\n".formatted(name, String.join(".", path), IpmiDevice.offset(struct, path));
    }

    private static String size(StructLayout struct, String name) {
        return "%s %d\n".formatted(name, struct.byteSize());
    }

    private static String message(StructLayout struct, String name) {
        return at(struct, name, "msg", "netfn")
                + at(struct, name, "msg", "cmd")
                + at(struct, name, "msg", "data_len")
                + at(struct, name, "msg", "data");
    }

    @Test
    void agreesWithTheCompiler() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "no gcc here");
        assumeTrue(Files.exists(Path.of("/usr/include/linux/ipmi.h")), "no linux/ipmi.h here");
        Path source = Files.writeString(folder.resolve("layout.c"), PROGRAM);
        Path program = folder.resolve("layout");
        String silence = LabBmc.run(List.of("gcc", "-o", program.toString(), source.toString()));

        String compiled = LabBmc.run(List.of(program.toString()));

        StructLayout address = IpmiDevice.ADDRESS;
        StructLayout request = IpmiDevice.REQUEST;
        StructLayout received = IpmiDevice.RECEIVED;
        String ours = "send %x\nreceive %x\n".formatted(IpmiDevice.SEND_COMMAND, IpmiDevice.RECEIVE_MSG_TRUNC)
                + "address %x %x %d\n"
                        .formatted(IpmiDevice.SYSTEM_INTERFACE, IpmiDevice.BMC_CHANNEL, IpmiDevice.RESPONSE)
                + "pollin %x\n".formatted(IpmiDevice.POLLIN)
                + "longest %d\n".formatted(IpmiDevice.LONGEST_MESSAGE)
                + size(address, "ipmi_system_interface_addr")
                + at(address, "ipmi_system_interface_addr", "addr_type")
                + at(address, "ipmi_system_interface_addr", "channel")
                + at(address, "ipmi_system_interface_addr", "lun")
                + size(request, "ipmi_req")
                + at(request, "ipmi_req", "addr")
                + at(request, "ipmi_req", "addr_len")
                + at(request, "ipmi_req", "msgid")
                + message(request, "ipmi_req")
                + size(received, "ipmi_recv")
                + at(received, "ipmi_recv", "recv_type")
                + at(received, "ipmi_recv", "addr")
                + at(received, "ipmi_recv", "addr_len")
                + at(received, "ipmi_recv", "msgid")
                + message(received, "ipmi_recv")
                + size(IpmiDevice.POLL, "pollfd")
                + at(IpmiDevice.POLL, "pollfd", "fd")
                + at(IpmiDevice.POLL, "pollfd", "events")
                + at(IpmiDevice.POLL, "pollfd", "revents");
        assertThat(silence).isEmpty();
        assertThat(compiled).isEqualTo(ours);
    }
}
