import java.util.List;

import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/** One node of OpenSearch out of the published jars: OpenSearch HOME PORT.  Prints "ready" once it answers, and ends with its input. */
public class OpenSearch {
    static class Embedded extends Node {
        Embedded(Settings settings) {
            super(new Environment(settings, null), List.of(Netty4Plugin.class), false);
        }
    }

    public static void main(String[] args) throws Exception {
        Settings settings = Settings.builder().put("path.home", args[0]).put("node.name", "one").put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1").put("transport.type", "netty4").put("http.type", "netty4").put("http.port", args[1])
            .put("transport.port", "0").put("cluster.routing.allocation.disk.threshold_enabled", false).build();
        try (Embedded node = new Embedded(settings)) {
            node.start();
            System.out.println("ready");
            while (System.in.read() >= 0) {
            }
        }
    }
}
