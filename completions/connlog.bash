# Completion of connlog for bash.  A test holds it to what `connlog COMMAND --help` lists.

_connlog_columns="ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes
	conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes
	tunnel_parents ip_proto community_id orig_l2_addr resp_l2_addr vlan inner_vlan speculative_service
	failed_service ip_proto_name pppoe_session_id"
_connlog_formats="zeek json bro2 bro1.5 bro1 bro0 ossem ecs csv parquet"
_connlog_sinks="unix: tcp:// tcps:// exec: file: redis:// rediss:// clickhouse:// clickhouses:// sqlite: parquet: kafka://"
_connlog_scripts="protocols/conn/community-id-logging protocols/conn/failed-service-logging
	protocols/conn/ip-proto-name-logging protocols/conn/mac-logging protocols/conn/pppoe-session-id-logging
	protocols/conn/speculative-service protocols/conn/vlan-logging tuning/json-logs"

_connlog_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_connlog_files()
{
	mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
	compopt -o filenames 2>/dev/null
}

# The last item of a list with commas, behind what stands before it.
_connlog_list()
{
	local before="" item=$cur
	[[ $cur == *,* ]] && before="${cur%,*}," item=${cur##*,}
	[[ $item == [+-]* ]] && before+=${item:0:1} item=${item:1}
	mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "$item")
	compopt -o nospace 2>/dev/null
}

_connlog()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=read options words=""
	local commands="read live events convert cut explain report extract index top check" interfaces=""
	COMPREPLY=()
	[[ $COMP_CWORD -gt 1 && " $commands " == *" ${COMP_WORDS[1]} "* ]] && command=${COMP_WORDS[1]}

	case $command in
	read | live)
		options="-r --read -i --interface -f --filter -C --no-checksums -o --output --script --seed -j --workers --shard --memory --stats -q --quiet -v
			--verbose --to --format --json-streaming --fields --interim --long --where --where-file --anonymize --networks --fold --fold-where --fold-by --fold-window --fold-memory
			--local-nets --neighbor-nets
			-p --no-promiscuous --ring --ring-block --ring-timeout --snaplen --wait --exit-on-down
			--rotate-interval --rotate-size --rotate-dir --rotate-exec --compress --keep-age --keep-size
			--flush-interval --spool --exit-timeout --config --user --no-sandbox --metrics --stats-interval
			--web --web-window --web-memory --web-token"
		words="$_connlog_scripts"
		;;
	events)
		options="-r --read -i --interface -f --filter -C --no-checksums -o --output --script --seed -j --workers --shard --memory --stats -q --quiet -v
			--verbose --only --except --all --list
			-p --no-promiscuous --ring --ring-block --ring-timeout --snaplen --wait --exit-on-down
			--rotate-interval --rotate-size --rotate-dir --rotate-exec --compress --keep-age --keep-size
			--flush-interval --spool --exit-timeout --config --user --no-sandbox --metrics --stats-interval
			--web --web-window --web-memory --web-token"
		;;
	convert)
		options="--to --from --fields --where --where-file --anonymize --networks --fold --fold-where --fold-by --fold-window --fold-memory
			-o --output --local-nets --neighbor-nets --json-timestamps --json-streaming -q
			--quiet"
		;;
	cut)
		options="-r --read -c -C -m -M -n -F -d -u -D -U --where --where-file"
		words="$_connlog_columns"
		;;
	explain)
		options="--as --proto"
		words="S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH"
		;;
	report)
		options="-n --numeric -x --exact -f --time-format -l --long -u --utc -s --strict --summary --longest --scans --beacons --new --diff --memory --top
			--html --rows --from --where --where-file -q --quiet"
		;;
	extract)
		options="-w --write --uid --log --where --where-file --icmp-errors --anonymize --keep-payload --no-index -r --read -f --filter -C --no-checksums --seed --no-sandbox
			-q --quiet -v --verbose"
		;;
	index) options="--anew --no-sandbox -q --quiet -v --verbose" ;;
	top) options="-d --delay -n --count --once" words="127.0.0.1:9911" ;;
	check) options="--example" ;;
	esac
	options="$options -h --help --version"
	[[ $command == live || $prev == -i || $prev == --interface ]] && interfaces=$(ls /sys/class/net 2>/dev/null)

	case $command:$prev in
	convert:--to) _connlog_words "$_connlog_formats $_connlog_sinks" ;;
	*:--to) _connlog_words "$_connlog_sinks" ;;
	*:--format | *:--from) _connlog_words "$_connlog_formats" ;;
	*:--fields) _connlog_list "all $_connlog_columns" ;;
	*:--json-timestamps) _connlog_words "JSON::TS_EPOCH JSON::TS_MILLIS JSON::TS_MILLIS_UNSIGNED JSON::TS_ISO8601" ;;
	*:-i | *:--interface) _connlog_words "$interfaces" ;;
	*:--compress) _connlog_words "gzip zstd none" ;;
	*:--rotate-dir) _connlog_files -d ;;
	*:--rotate-exec) _connlog_files -c ;;
	explain:--as) _connlog_words "history state uid" ;;
	explain:--proto) _connlog_words "tcp udp" ;;
	convert:-o | convert:--output | extract:-w | extract:--write | extract:--log | *:-r | *:--read | *:--script | *:--stats | *:--config | *:--html | report:--new | *:--where-file | *:--anonymize | *:--networks | *:--web-token) _connlog_files -f ;;
	*:-o | *:--output) _connlog_files -d ;;
	top:-d | top:--delay | top:-n | top:--count) ;;
	cut:-F | cut:-D | cut:-U | *:-f | *:--filter | *:--time-format | *:--*-nets | *:--seed | *:--top | *:--rows) ;;
	*:--long) [[ $command != report ]] && _connlog_words "usual 10min,30min,1hr,12hr,24hr,3day" ;;
	*:--fold) _connlog_words "scans dns icmp scans,dns,icmp" ;;
	*:-j | *:--workers | *:--shard | *:--where | *:--fold-where | *:--fold-by | *:--fold-window | *:--fold-memory | *:--interim | *:--memory | *:--uid) ;;
	*:--only | *:--except | *:--*-interval | *:--*-size | *:--keep-age | *:--spool | *:--exit-timeout | *:--user | *:--metrics | *:--web | *:--web-window | *:--web-memory) ;;
	*)
		if [[ $cur == -* ]]; then
			_connlog_words "$options"
		elif [[ $command == cut ]]; then
			_connlog_words "$words"
		else
			_connlog_files -f
			[[ $COMP_CWORD -eq 1 ]] && words="$commands $words"
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$words $interfaces" -- "$cur")
		fi
		;;
	esac
}

complete -F _connlog connlog
