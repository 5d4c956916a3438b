-- The connection log in ClickHouse, for JSON and Parquet of connlog: clickhouse-client --multiquery <clickhouse.sql
-- Rows lie together by hour and host, so what is asked of a host and a time reads little; a uid is found by its index.
CREATE TABLE IF NOT EXISTS conn
(
    `ts` DateTime64(6, 'UTC') COMMENT 'time of the first packet' CODEC(Delta(8), ZSTD(1)),
    `uid` String COMMENT 'unique identifier of the connection' CODEC(ZSTD(1)),
    `id.orig_h` String COMMENT 'originator''s address' CODEC(ZSTD(1)),
    `id.orig_p` UInt16 COMMENT 'originator''s port, or ICMP type' CODEC(ZSTD(1)),
    `id.resp_h` String COMMENT 'responder''s address' CODEC(ZSTD(1)),
    `id.resp_p` UInt16 COMMENT 'responder''s port, or ICMP code' CODEC(ZSTD(1)),
    `proto` LowCardinality(String) COMMENT 'tcp, udp, icmp or unknown_transport' CODEC(ZSTD(1)),
    `service` LowCardinality(Nullable(String)) COMMENT 'application protocols confirmed' CODEC(ZSTD(1)),
    `duration` Nullable(Float64) COMMENT 'first to last packet; for TCP without the final acknowledgements' CODEC(ZSTD(1)),
    `orig_bytes` Nullable(UInt64) COMMENT 'payload bytes of the originator; for TCP by sequence numbers' CODEC(T64, ZSTD(1)),
    `resp_bytes` Nullable(UInt64) COMMENT 'payload bytes of the responder; for TCP by sequence numbers' CODEC(T64, ZSTD(1)),
    `conn_state` LowCardinality(Nullable(String)) COMMENT 'S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH' CODEC(ZSTD(1)),
    `local_orig` Nullable(Bool) COMMENT 'originator is in the local nets' CODEC(ZSTD(1)),
    `local_resp` Nullable(Bool) COMMENT 'responder is in the local nets' CODEC(ZSTD(1)),
    `missed_bytes` Nullable(UInt64) COMMENT 'bytes that were acknowledged and never seen' CODEC(T64, ZSTD(1)),
    `history` LowCardinality(Nullable(String)) COMMENT 'what happened, a letter each; upper case: by the originator' CODEC(ZSTD(1)),
    `orig_pkts` Nullable(UInt64) COMMENT 'packets of the originator' CODEC(T64, ZSTD(1)),
    `orig_ip_bytes` Nullable(UInt64) COMMENT 'bytes of the originator by the IP headers'' lengths' CODEC(T64, ZSTD(1)),
    `resp_pkts` Nullable(UInt64) COMMENT 'packets of the responder' CODEC(T64, ZSTD(1)),
    `resp_ip_bytes` Nullable(UInt64) COMMENT 'bytes of the responder by the IP headers'' lengths' CODEC(T64, ZSTD(1)),
    `tunnel_parents` Array(String) COMMENT 'uids of the tunnels around it' CODEC(ZSTD(1)),
    `ip_proto` Nullable(UInt64) COMMENT 'protocol number of the IP header' CODEC(T64, ZSTD(1)),
    `community_id` Nullable(String) COMMENT 'Community ID v1 flow hash' CODEC(ZSTD(1)),
    `orig_l2_addr` Nullable(String) COMMENT 'originator''s link-layer address' CODEC(ZSTD(1)),
    `resp_l2_addr` Nullable(String) COMMENT 'responder''s link-layer address' CODEC(ZSTD(1)),
    `vlan` Nullable(Int64) COMMENT 'outer VLAN' CODEC(T64, ZSTD(1)),
    `inner_vlan` Nullable(Int64) COMMENT 'inner VLAN' CODEC(T64, ZSTD(1)),
    `speculative_service` LowCardinality(Nullable(String)) COMMENT 'protocols whose signature matched too late to be confirmed' CODEC(ZSTD(1)),
    `failed_service` Array(String) COMMENT 'protocols that were confirmed and then violated' CODEC(ZSTD(1)),
    `ip_proto_name` LowCardinality(Nullable(String)) COMMENT 'name of the protocol number' CODEC(ZSTD(1)),
    `pppoe_session_id` Nullable(UInt64) COMMENT 'session number of PPPoE' CODEC(T64, ZSTD(1)),
    `interim` Nullable(UInt64) COMMENT '--interim: number of the record, of a connection that is still open' CODEC(T64, ZSTD(1)),
    `interim_ts` Nullable(DateTime64(6, 'UTC')) COMMENT '--interim: when that record was due' CODEC(Delta(8), ZSTD(1)),
    `orig_bytes_delta` Nullable(Int64) COMMENT 'orig_bytes since the record before' CODEC(T64, ZSTD(1)),
    `resp_bytes_delta` Nullable(Int64) COMMENT 'resp_bytes since the record before' CODEC(T64, ZSTD(1)),
    `orig_pkts_delta` Nullable(Int64) COMMENT 'orig_pkts since the record before' CODEC(T64, ZSTD(1)),
    `resp_pkts_delta` Nullable(Int64) COMMENT 'resp_pkts since the record before' CODEC(T64, ZSTD(1)),
    `orig_ip_bytes_delta` Nullable(Int64) COMMENT 'orig_ip_bytes since the record before' CODEC(T64, ZSTD(1)),
    `resp_ip_bytes_delta` Nullable(Int64) COMMENT 'resp_ip_bytes since the record before' CODEC(T64, ZSTD(1)),
    INDEX uid_index `uid` TYPE bloom_filter(0.001) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toDate(ts)
ORDER BY (toStartOfHour(ts), `id.orig_h`, `id.resp_h`, ts)
TTL toDateTime(ts) + INTERVAL 90 DAY
