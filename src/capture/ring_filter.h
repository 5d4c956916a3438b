/* ring_filter.h - a pcap filter as the kernel's socket filter, although the kernel takes VLAN tags out of frames. */
#ifndef CONNLOG_CAPTURE_RING_FILTER_H
#define CONNLOG_CAPTURE_RING_FILTER_H

#include <linux/filter.h>
#include <pcap/pcap.h>
#include <stddef.h>
#include <stdint.h>

/* Makes of a program for Ethernet frames as they were on the wire one for frames whose outermost tag may lie beside the frame.
 * It lets through what the other does, cut to `snaplen` bytes, but also some frames with such a tag that the other does not:
 * they have to be looked at again when the tag is back.  `program` NULL: all packets.
 * `out` has room for BPF_MAXINSNS.  Returns the number of instructions. */
size_t ring_filter(const struct bpf_program *program, uint32_t snaplen, struct sock_filter *out);

#endif
