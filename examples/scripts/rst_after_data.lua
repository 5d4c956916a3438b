-- rst_after_data.lua - prints a line for every RST that comes after data.
--
--     connlog --script rst_after_data.lua FILE...
--
-- Such a reset cuts off a conversation: a crash, a middlebox, an application that closes with data unread.
-- The letters d and D of the history say that a side has sent data.

function tcp_packet(c, is_orig, flags, seq, ack, len, payload)
	if not flags:find("R", 1, true) or not (c.history or ""):find("[dD]") then
		return
	end
	print(string.format("%.6f %s %s:%d > %s:%d reset by the %s after %d and %d bytes, history %s", network_time(), c.uid,
		c.id.orig_h, c.id.orig_p, c.id.resp_h, c.id.resp_p, is_orig and "originator" or "responder",
		c.orig_bytes or 0, c.resp_bytes or 0, c.history))
end
