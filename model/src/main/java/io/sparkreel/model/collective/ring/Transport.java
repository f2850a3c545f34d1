// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

/** How payload travels between neighbours in a ring. */
public enum Transport {
    /** Through shared memory between ranks on one host, through sockets between hosts. */
    AUTO,
    /** Through sockets. */
    TCP,
    /** Through shared memory, which all ranks must be able to map. */
    SHARED
}
