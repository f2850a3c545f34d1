// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.nccl;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;

/** The functions of libnccl that {@link Nccl} calls, under their own names; each returns 0 if it worked. */
interface NcclLibrary extends Library {
    int FLOAT32 = 7;
    int SUM = 0;
    int IN_PROGRESS = 7;

    /** What the ranks of a communicator must share; passed by value. */
    @FieldOrder("internal")
    class UniqueId extends Structure implements Structure.ByValue {
        static final int BYTES = 128;

        public byte[] internal = new byte[BYTES];
    }

    /** Takes the address of a {@link UniqueId}. */
    int ncclGetUniqueId(Pointer id);

    int ncclCommInitRank(PointerByReference communicator, int ranks, UniqueId id, int rank);

    int ncclAllReduce(
            Pointer send, Pointer receive, long count, int type, int operation, Pointer communicator, Pointer stream);

    int ncclReduce(
            Pointer send,
            Pointer receive,
            long count,
            int type,
            int operation,
            int root,
            Pointer communicator,
            Pointer stream);

    int ncclReduceScatter(
            Pointer send,
            Pointer receive,
            long receiveCount,
            int type,
            int operation,
            Pointer communicator,
            Pointer stream);

    int ncclBroadcast(
            Pointer send, Pointer receive, long count, int type, int root, Pointer communicator, Pointer stream);

    int ncclAllGather(Pointer send, Pointer receive, long sendCount, int type, Pointer communicator, Pointer stream);

    int ncclGroupStart();

    int ncclGroupEnd();

    int ncclCommGetAsyncError(Pointer communicator, IntByReference error);

    int ncclCommAbort(Pointer communicator);

    int ncclCommDestroy(Pointer communicator);

    String ncclGetErrorString(int error);
}
