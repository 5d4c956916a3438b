-- long_connections.lua - tells of connections that last long, while they last and when they have ended.
--
--     connlog --script long_connections.lua connection_status_update_interval=1min FILE...
--
-- Without that constant no connection is looked at before its end.  A connection is told of once at each of the
-- STEPS that it reaches, and once more when it has ended.  The log is as it would be without the script.

local STEPS = { 600, 1800, 3600, 12 * 3600, 24 * 3600 } -- seconds, going up

local steps_of = {} -- uid -> how many of the STEPS have been told
local long = 0

local function line(c, what)
	print(string.format("%.6f %s %s:%d > %s:%d %s %s after %.0f s, %d packets", network_time(), c.uid, c.id.orig_h,
		c.id.orig_p, c.id.resp_h, c.id.resp_p, c.proto, what, c.duration or 0, c.orig_pkts + c.resp_pkts))
end

-- Returns how many of the STEPS the connection has reached.
local function reached(c)
	local duration, n = c.duration or 0, 0
	while n < #STEPS and duration >= STEPS[n + 1] do
		n = n + 1
	end
	return n
end

function connection_status_update(c)
	local n, uid = reached(c), c.uid
	if n > (steps_of[uid] or 0) then
		steps_of[uid] = n
		line(c, "open")
	end
end

function connection_state_remove(c)
	steps_of[c.uid] = nil
	if reached(c) > 0 then
		long = long + 1
		line(c, c.conn_state)
	end
end

function connlog_done()
	print(string.format("long_connections: %d of at least %d s", long, STEPS[1]))
end
