/* options.h - the options of service detection, under Zeek's names. */
#ifndef CONNLOG_DPD_OPTIONS_H
#define CONNLOG_DPD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct service_options {
	bool     detect_services; /* our own option: inspect payload at all */
	bool     dpd_match_only_beginning, dpd_ignore_ports;
	uint64_t dpd_buffer_size, dpd_max_packets;
	uint64_t ignore_violations_after;              /* DPD::ignore_violations_after */
	bool     track_removed_services_in_connection; /* DPD:: */
	double   dns_session_timeout;
	uint64_t gridftp_size_threshold; /* GridFTP:: */
	double   gridftp_max_time;
	bool     gridftp_skip_data;
	uint64_t max_line_bytes;
	uint64_t max_expected; /* FTP::max_expected_data_channels, for FTP and IRC */
};

#endif
