/// Client of a server that speaks the Open Inference Protocol (KServe v2), by REST or gRPC.
@NullMarked
package io.neurojoule.workload.kserve;

import org.jspecify.annotations.NullMarked;
