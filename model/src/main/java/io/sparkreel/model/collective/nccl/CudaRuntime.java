// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.nccl;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;

/** The functions of libcudart that {@link Nccl} calls, under their own names; each returns 0 if it worked. */
interface CudaRuntime extends Library {
    int NOT_READY = 600;
    int STREAM_NON_BLOCKING = 1;
    int EVENT_DISABLE_TIMING = 2;

    int cudaSetDevice(int device);

    int cudaStreamCreateWithFlags(PointerByReference stream, int flags);

    int cudaStreamWaitEvent(Pointer stream, Pointer event, int flags);

    int cudaStreamDestroy(Pointer stream);

    int cudaEventCreateWithFlags(PointerByReference event, int flags);

    int cudaEventRecord(Pointer event, Pointer stream);

    int cudaEventQuery(Pointer event);

    int cudaEventDestroy(Pointer event);

    String cudaGetErrorString(int error);
}
