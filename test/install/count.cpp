/* count.cpp - the same as count.c from C++. */
#include <connlog.h>

#include <array>
#include <iostream>
#include <memory>

using Engine = std::unique_ptr<connlog_engine, decltype(&connlog_engine_free)>;
using Source = std::unique_ptr<connlog_source, decltype(&connlog_source_free)>;

int
main(int argc, char **argv)
{
	std::array<char, 256> err{};
	unsigned              connections = 0;
	const char           *path = argc == 2 ? argv[1] : "";
	Engine                engine(connlog_engine_new(nullptr, err.data(), err.size()), connlog_engine_free);
	Source                source(connlog_source_files(&path, 1, nullptr, err.data(), err.size()), connlog_source_free);

	if (!engine || !source) {
		std::cerr << err.data() << '\n';
		return 1;
	}
	connlog_on_policy(
		engine.get(),
		[](void *, connlog_record *r) {
			connlog_value v{};
			v.set = true;
			v.type = CONNLOG_PORT;
			v.count = 7;
			const int column = connlog_column_find("id.orig_p");
			return connlog_record_set(r, static_cast<std::size_t>(column), v) == CONNLOG_OK;
		},
		nullptr);
	connlog_on_record(
		engine.get(),
		[](void *arg, const connlog_record *r) {
			*static_cast<unsigned *>(arg) += connlog_record_find(r, "id.orig_p").count == 7;
			return static_cast<int>(CONNLOG_OK);
		},
		&connections);
	const int status = connlog_run(engine.get(), source.get(), err.data(), err.size());
	connlog_finish(engine.get());
	std::cout << connections << " connections\n";
	if (status != CONNLOG_END)
		std::cerr << err.data() << '\n';
	return status == CONNLOG_END ? 0 : 1;
}
