package batis.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.ibatis.session.Configuration;

/** Reads the inputs of each folder of cases and writes MyBatis' answers beside them. */
public final class Oracle {
  private Oracle() {}

  public static void main(String[] args) throws IOException {
    if (args.length == 0) {
      throw new IllegalArgumentException("usage: oracle FOLDER...  (each holds mappers/ and inputs.jsonl)");
    }
    for (String arg : args) {
      Path folder = Path.of(arg);
      int count = new Oracle.Folder(folder).answer();
      System.out.println(folder.getFileName() + ": " + count + " cases");
    }
  }

  /** The mapper files that are loaded together, for one database. */
  private record Group(List<String> files, String databaseId) {}

  /** A configuration, or why there is none. */
  private record Loaded(Configuration configuration, Throwable refusal) {}

  private static final class Folder {
    private final Path folder;
    private final Map<Group, Loaded> loaded = new HashMap<>();
    private final List<ObjectNode> answers = new ArrayList<>();
    private final Map<String, Integer> ids = new HashMap<>();

    Folder(Path folder) {
      this.folder = folder;
    }

    int answer() throws IOException {
      for (String line : Files.readAllLines(folder.resolve("inputs.jsonl"))) {
        if (!line.isBlank()) {
          input((ObjectNode) Json.MAPPER.readTree(line));
        }
      }
      StringBuilder out = new StringBuilder();
      for (ObjectNode answer : answers) {
        out.append(Json.MAPPER.writeValueAsString(answer)).append('\n');
      }
      Files.writeString(folder.resolve("cases.jsonl"), out);
      return answers.size();
    }

    /** One line: `files` may be `each`, `statement` may be `*` or a list, `each` lists several parameters. */
    private void input(ObjectNode input) throws IOException {
      if (input.path("files").isTextual()) {
        for (String file : mapperFiles()) {
          ObjectNode one = input.deepCopy();
          one.set("files", Json.MAPPER.createArrayNode().add(file));
          input(one);
        }
        return;
      }
      List<String> files = new ArrayList<>();
      input.path("files").forEach(file -> files.add(file.asText()));
      String databaseId = input.hasNonNull("databaseId") ? input.get("databaseId").asText() : null;
      Loaded set = loaded.computeIfAbsent(new Group(files, databaseId), this::load);
      for (String statement : statements(input, set, files)) {
        if (input.has("each")) {
          for (JsonNode params : input.get("each")) {
            one(input, set, statement, params);
          }
        } else {
          one(input, set, statement, input.get("params"));
        }
      }
    }

    private List<String> statements(ObjectNode input, Loaded set, List<String> files) {
      JsonNode statement = input.get("statement");
      List<String> found = new ArrayList<>();
      if (statement instanceof ArrayNode several) {
        several.forEach(one -> found.add(one.asText()));
      } else if (!"*".equals(statement.asText())) {
        found.add(statement.asText());
      } else if (set.refusal == null) {
        found.addAll(Runner.statements(set.configuration));
      } else {
        found.add(files.isEmpty() ? "load" : files.get(0));
      }
      return found;
    }

    private void one(ObjectNode input, Loaded set, String statement, JsonNode params) {
      ObjectNode answer = Json.MAPPER.createObjectNode();
      String name = statement.substring(statement.lastIndexOf('.') + 1);
      if (input.has("files") && input.get("files").size() == 1) {
        name = input.get("files").get(0).asText().replace(".xml", "") + "." + name;
      }
      if (input.hasNonNull("databaseId")) {
        name += "@" + input.get("databaseId").asText();
      }
      if (input.has("id")) {
        name = input.get("id").asText();
      }
      int nth = ids.merge(name, 1, Integer::sum);
      answer.put("id", nth == 1 && input.has("id") ? name : name + "#" + (nth - 1));
      answer.put("statement", statement);
      for (String key : List.of("label", "files", "databaseId")) {
        if (input.has(key)) {
          answer.set(key, input.get(key));
        }
      }
      if (params != null) {
        answer.set("params", params);
      }
      boolean strict = input.path("strict").asBoolean();
      if (strict) {
        answer.put("strict", true);
      }
      if (set.refusal != null) {
        Runner.refused(answer, "load", set.refusal);
      } else if (!Runner.run(set.configuration, statement, Json.parameter(params, strict), answer)) {
        return;
      }
      answers.add(answer);
    }

    private Loaded load(Group group) {
      Configuration configuration = new Configuration();
      try {
        if (Files.exists(folder.resolve("configuration.json"))) {
          Runner.configure(configuration, Json.MAPPER.readTree(folder.resolve("configuration.json").toFile()));
        }
        configuration.setDatabaseId(group.databaseId);
        List<String> files = group.files.isEmpty() ? mapperFiles() : group.files;
        Map<String, byte[]> contents = new LinkedHashMap<>();
        for (String file : files) {
          contents.put(file, Files.readAllBytes(folder.resolve("mappers").resolve(file)));
        }
        Runner.load(configuration, contents);
        return new Loaded(configuration, null);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      } catch (RuntimeException | StackOverflowError e) {
        return new Loaded(null, e);
      }
    }

    private List<String> mapperFiles() throws IOException {
      Path root = folder.resolve("mappers");
      try (Stream<Path> files = Files.walk(root)) {
        return files.filter(f -> f.toString().endsWith(".xml"))
            .map(f -> root.relativize(f).toString()).sorted().toList();
      }
    }
  }
}
