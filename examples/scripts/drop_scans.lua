-- drop_scans.lua - keeps scan noise out of the log.
--
--     connlog --script drop_scans.lua FILE...
--
-- A connection that nobody has answered has the state S0.  In most networks these are scans, and most of the log.
-- Here they are left out; how many they were, and who sent most of them, is printed at the end.

local TOP = 5 -- senders to name

local seen, dropped = 0, 0
local senders = {} -- address -> connections dropped

function log_policy(rec)
	seen = seen + 1
	if rec.conn_state ~= "S0" then
		return
	end
	local sender = rec.id.orig_h
	dropped = dropped + 1
	senders[sender] = (senders[sender] or 0) + 1
	return false
end

function connlog_done()
	print(string.format("drop_scans: %d of %d connections left out", dropped, seen))
	local order = {}
	for sender in pairs(senders) do
		order[#order + 1] = sender
	end
	table.sort(order, function(a, b)
		if senders[a] ~= senders[b] then
			return senders[a] > senders[b]
		end
		return a < b
	end)
	for i = 1, math.min(TOP, #order) do
		print(string.format("drop_scans: %8d  %s", senders[order[i]], order[i]))
	end
end
