# Completion of connlog for fish.  A test holds it to what `connlog COMMAND --help` lists.

set -l commands read live events convert cut explain report extract index top check
set -l columns ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes \
	conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes \
	tunnel_parents ip_proto community_id orig_l2_addr resp_l2_addr vlan inner_vlan speculative_service \
	failed_service ip_proto_name pppoe_session_id
set -l sinks unix: tcp:// tcps:// exec: file: redis:// rediss:// clickhouse:// clickhouses:// sqlite: parquet: kafka://
set -l formats zeek json bro2 bro1.5 bro1 bro0 ossem ecs csv parquet

# What else is completed depends on the command, which is read where none is named.
function __connlog_is
	set -l words (commandline -opc)
	set -l commands read live events convert cut explain report extract index top check
	set -l command read
	if set -q words[2]; and contains -- $words[2] $commands
		set command $words[2]
	end
	contains -- $command $argv
end

# A list with commas; an item may have a sign.
function __connlog_fields
	set -l before (commandline -ct | string replace -r '[^,+-]*$' '' | string replace -r '^--fields=' '')
	for column in $argv
		echo $before$column
	end
end

complete -c connlog -n '__fish_is_first_token' -a read -d 'log the connections of captures'
complete -c connlog -n '__fish_is_first_token' -a live -d 'log the connections that interfaces see'
complete -c connlog -n '__fish_is_first_token' -a events -d 'print the events of captures as JSON'
complete -c connlog -n '__fish_is_first_token' -a convert -d 'turn a log into another format'
complete -c connlog -n '__fish_is_first_token' -a cut -d 'write columns of a log'
complete -c connlog -n '__fish_is_first_token' -a extract -d 'write the packets behind records as pcapng'
complete -c connlog -n '__fish_is_first_token' -a index -d 'make indexes of captures'
complete -c connlog -n '__fish_is_first_token' -a explain -d 'say in words what a record tells'
complete -c connlog -n '__fish_is_first_token' -a report -d 'a log for people'
complete -c connlog -n '__fish_is_first_token' -a top -d 'show what a sensor does at the moment'
complete -c connlog -n '__fish_is_first_token' -a check -d 'check a file of settings'
complete -c connlog -s h -l help -d 'a summary of the options'
complete -c connlog -l version -d 'the version'

complete -c connlog -n '__connlog_is read live' -l to -x -a "$sinks" -d 'deliver records there'
complete -c connlog -n '__connlog_is read live' -l format -x -a "$formats" -d 'what to write'
complete -c connlog -n '__connlog_is read live' -l json-streaming -d 'json with _path and _write_ts'
complete -c connlog -n '__connlog_is read live' -l fields -x -a "(__connlog_fields all $columns)" -d 'columns to write'
complete -c connlog -n '__connlog_is read live' -l interim -x -d 'log open connections at these ages'
complete -c connlog -n '__connlog_is read live' -l long -x -a usual -d 'conn_long.log of connections open at these ages'
complete -c connlog -n '__connlog_is read live convert cut report extract' -l where -x -d 'only records for which this holds'
complete -c connlog -n '__connlog_is read live convert cut report extract' -l where-file -r -d 'the condition is in FILE'
complete -c connlog -n '__connlog_is read live convert extract' -l anonymize -r -d 'other addresses and uids'
complete -c connlog -n '__connlog_is read live convert' -l networks -r -d 'names of hosts and networks'
complete -c connlog -n '__connlog_is read live convert' -l fold -x -a 'scans dns icmp scans,dns,icmp' -d 'one row for alike records'
complete -c connlog -n '__connlog_is read live convert' -l fold-where -x -d 'fold records for which this holds, too'
complete -c connlog -n '__connlog_is read live convert' -l fold-by -x -a "(__connlog_fields $columns)" -d 'columns that they have alike'
complete -c connlog -n '__connlog_is read live convert' -l fold-window -x -d 'a row takes records for so long'
complete -c connlog -n '__connlog_is read live convert' -l fold-memory -x -d 'memory for open rows'
complete -c connlog -n '__connlog_is read live' -l local-nets -x -d 'networks that are local'
complete -c connlog -n '__connlog_is read live' -l neighbor-nets -x -d 'networks of neighbours'
complete -c connlog -n '__connlog_is read live events extract' -s r -l read -r -d 'read FILE'
complete -c connlog -n '__connlog_is read live events' -s i -l interface -x -a '(__fish_print_interfaces)' -d 'capture from an interface'
complete -c connlog -n '__connlog_is read live events extract' -s f -l filter -x -d 'a pcap filter'
complete -c connlog -n '__connlog_is read live events extract' -s C -l no-checksums -d 'take bad checksums for good'
complete -c connlog -n '__connlog_is read live events' -s o -l output -x -a '(__fish_complete_directories)' -d 'write into DIR instead of standard output'
complete -c connlog -n '__connlog_is read live events' -l script -r -d 'a Lua script that takes part'
complete -c connlog -n '__connlog_is read live events' -s j -l workers -x -d 'threads that track connections'
complete -c connlog -n '__connlog_is read live events' -l memory -x -d 'memory of the process'
complete -c connlog -n '__connlog_is read live events' -l shard -x -d 'log one share of the connections'
complete -c connlog -n '__connlog_is read live events extract' -l seed -x -d 'uids and header times that depend on the input alone'
complete -c connlog -n '__connlog_is read live events' -l stats -r -d 'write all counters as JSON'
complete -c connlog -n '__connlog_is read live events extract index' -s q -l quiet -d 'no warnings and no progress'
complete -c connlog -n '__connlog_is read live events extract index' -s v -l verbose -d 'a line of summary'
complete -c connlog -n '__connlog_is read live events' -s p -l no-promiscuous -d 'capture only what is meant for this host'
complete -c connlog -n '__connlog_is read live events' -l ring -x -d 'memory for packets that wait'
complete -c connlog -n '__connlog_is read live events' -l ring-block -x -d 'blocks of that memory'
complete -c connlog -n '__connlog_is read live events' -l ring-timeout -x -d 'read a block that is not full after that time'
complete -c connlog -n '__connlog_is read live events' -l snaplen -x -d 'capture no more of a packet'
complete -c connlog -n '__connlog_is read live events' -l wait -d 'wait for interfaces that are not there yet'
complete -c connlog -n '__connlog_is read live events' -l exit-on-down -d 'end when an interface goes down or away'
complete -c connlog -n '__connlog_is read live events' -l rotate-interval -x -d 'begin a new log at each multiple'
complete -c connlog -n '__connlog_is read live events' -l rotate-size -x -d 'begin a new log before it gets larger'
complete -c connlog -n '__connlog_is read live events' -l rotate-dir -x -a '(__fish_complete_directories)' -d 'where rotated logs go'
complete -c connlog -n '__connlog_is read live events' -l rotate-exec -x -a '(__fish_complete_command)' -d 'run this for each rotated log'
complete -c connlog -n '__connlog_is read live events' -l compress -x -a 'gzip zstd none' -d 'pack rotated logs'
complete -c connlog -n '__connlog_is read live events' -l keep-age -x -d 'remove rotated logs that are older'
complete -c connlog -n '__connlog_is read live events' -l keep-size -x -d 'remove the oldest of more'
complete -c connlog -n '__connlog_is read live events' -l flush-interval -x -d 'records are in the log after that time'
complete -c connlog -n '__connlog_is read live events' -l spool -x -d 'memory for records that wait, or a folder for them'
complete -c connlog -n '__connlog_is read live events' -l exit-timeout -x -d 'how long the last records may take'
complete -c connlog -n '__connlog_is read live events' -l stats-interval -x -d 'write the counters every so often'
complete -c connlog -n '__connlog_is read live events' -l metrics -x -d 'let Prometheus ask for the counters there'
complete -c connlog -n '__connlog_is read live events' -l web -x -d 'show a page of what happens there'
complete -c connlog -n '__connlog_is read live events' -l web-window -x -d 'what is the past for that page'
complete -c connlog -n '__connlog_is read live events' -l web-memory -x -d 'memory for its records'
complete -c connlog -n '__connlog_is read live events' -l web-token -r -d 'the token that has to be shown to see it'
complete -c connlog -n '__connlog_is read live events extract index' -l no-sandbox -d 'keep all rights'
complete -c connlog -n '__connlog_is read live events' -l user -x -a '(__fish_complete_users)' -d 'whom root becomes'
complete -c connlog -n '__connlog_is read live events' -l config -r -d 'read settings from FILE'

complete -c connlog -n '__connlog_is events' -l only -x -d 'print these events only'
complete -c connlog -n '__connlog_is events' -l except -x -d 'do not print these'
complete -c connlog -n '__connlog_is events' -l all -d 'print those that come by the packet, too'
complete -c connlog -n '__connlog_is events' -l list -d 'print what events there are'

complete -c connlog -n '__connlog_is convert' -l to -x -a "$formats $sinks" -d 'what to write, or where to deliver records'
complete -c connlog -n '__connlog_is convert' -l from -x -a "$formats" -d 'what the input is'
complete -c connlog -n '__connlog_is convert' -l fields -x -a "(__connlog_fields all $columns)" -d 'columns to write'
complete -c connlog -n '__connlog_is convert' -s o -l output -r -d 'write FILE instead of standard output'
complete -c connlog -n '__connlog_is convert' -l local-nets -x -d 'networks that are local'
complete -c connlog -n '__connlog_is convert' -l neighbor-nets -x -d 'networks of neighbours'
complete -c connlog -n '__connlog_is convert' -l json-timestamps -x -a 'JSON::TS_EPOCH JSON::TS_MILLIS JSON::TS_MILLIS_UNSIGNED JSON::TS_ISO8601' -d 'how json writes times'
complete -c connlog -n '__connlog_is convert' -l json-streaming -d 'json with _path and _write_ts'
complete -c connlog -n '__connlog_is convert' -s q -l quiet -d 'no warnings'

complete -c connlog -n '__connlog_is cut' -s r -l read -r -d 'read FILE instead of standard input'
complete -c connlog -n '__connlog_is cut' -s c -d 'with the first header'
complete -c connlog -n '__connlog_is cut' -s C -d 'with every header'
complete -c connlog -n '__connlog_is cut' -s m -d 'with the names of the columns once'
complete -c connlog -n '__connlog_is cut' -s M -d 'with the names of the columns for every header'
complete -c connlog -n '__connlog_is cut' -s n -d 'all columns but those named'
complete -c connlog -n '__connlog_is cut' -s F -x -d 'what stands between columns'
complete -c connlog -n '__connlog_is cut' -s d -d 'times as dates in local time'
complete -c connlog -n '__connlog_is cut' -s u -d 'times as dates in UTC'
complete -c connlog -n '__connlog_is cut' -s D -x -d 'times in a format, local time'
complete -c connlog -n '__connlog_is cut' -s U -x -d 'times in a format, UTC'
complete -c connlog -n '__connlog_is cut' -f -a "$columns"

complete -c connlog -n '__connlog_is extract' -s w -l write -r -d 'where the packets go'
complete -c connlog -n '__connlog_is extract' -l uid -x -d 'of the connection with this uid or Community ID'
complete -c connlog -n '__connlog_is extract' -l log -r -d 'look records up in this log'
complete -c connlog -n '__connlog_is extract' -l icmp-errors -d 'take ICMP errors about the connections, too'
complete -c connlog -n '__connlog_is extract' -l keep-payload -d 'with --anonymize: leave payload as it is'
complete -c connlog -n '__connlog_is extract' -l no-index -d 'read all of the captures'
complete -c connlog -n '__connlog_is index' -l anew -d 'make indexes anew that are there and good'
complete -c connlog -n '__connlog_is explain' -l as -x -a 'history state uid' -d 'what the argument is'
complete -c connlog -n '__connlog_is explain' -l proto -x -a 'tcp udp' -d 'whose history it is'
complete -c connlog -n '__connlog_is explain' -a 'S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH'

complete -c connlog -n '__connlog_is report' -s n -l numeric -d 'hosts by address'
complete -c connlog -n '__connlog_is report' -s x -l exact -d 'sizes to the byte'
complete -c connlog -n '__connlog_is report' -s f -l time-format -x -d 'format of times'
complete -c connlog -n '__connlog_is report' -s l -l long -d 'times with the year'
complete -c connlog -n '__connlog_is report' -s u -l utc -d 'times in UTC'
complete -c connlog -n '__connlog_is report' -s s -l strict -d 'small numbers are no times'
complete -c connlog -n '__connlog_is report' -l summary -d 'tables of the top hosts, services, states'
complete -c connlog -n '__connlog_is report' -l longest -d 'the longest connections'
complete -c connlog -n '__connlog_is report' -l scans -d 'hosts that tried many hosts or ports'
complete -c connlog -n '__connlog_is report' -l beacons -d 'connections at regular intervals'
complete -c connlog -n '__connlog_is report' -l new -r -d 'hosts and services that this log does not have'
complete -c connlog -n '__connlog_is report' -l diff -d 'what differs between two logs'
complete -c connlog -n '__connlog_is report' -l memory -x -d 'how much of the logs of --diff is kept in memory'
complete -c connlog -n '__connlog_is report' -l top -x -d 'rows of a table'
complete -c connlog -n '__connlog_is report' -l html -r -d 'write a page'
complete -c connlog -n '__connlog_is report' -l rows -x -d 'connections that the page holds'
complete -c connlog -n '__connlog_is report' -l from -x -a "$formats" -d 'what the input is'
complete -c connlog -n '__connlog_is report' -s q -l quiet -d 'no warnings'

complete -c connlog -n '__connlog_is live; and not __fish_is_first_token' -f -a '(__fish_print_interfaces)'
complete -c connlog -n '__connlog_is read live; and not __fish_is_first_token' -a 'protocols/conn/community-id-logging protocols/conn/failed-service-logging protocols/conn/ip-proto-name-logging protocols/conn/mac-logging protocols/conn/pppoe-session-id-logging protocols/conn/speculative-service protocols/conn/vlan-logging tuning/json-logs'

complete -c connlog -n '__connlog_is top' -s d -l delay -x -d 'between two pages'
complete -c connlog -n '__connlog_is top' -s n -l count -x -d 'end after so many pages'
complete -c connlog -n '__connlog_is top' -l once -d 'one page'
complete -c connlog -n '__connlog_is top' -a 127.0.0.1:9911
complete -c connlog -n '__connlog_is check' -l example -d 'print a file with every setting'
