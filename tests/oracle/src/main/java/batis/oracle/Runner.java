package batis.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.ibatis.binding.BindingException;
import org.apache.ibatis.builder.xml.XMLMapperBuilder;
import org.apache.ibatis.mapping.BoundSql;
import org.apache.ibatis.mapping.MappedStatement;
import org.apache.ibatis.mapping.ParameterMapping;
import org.apache.ibatis.mapping.ParameterMode;
import org.apache.ibatis.reflection.MetaObject;
import org.apache.ibatis.session.Configuration;
import org.apache.ibatis.type.TypeException;

/** MyBatis itself: files to a configuration, a statement and a parameter to SQL and values. */
final class Runner {
  private Runner() {}

  /** `settings` and `properties`; only those settings that change what a statement means. */
  static void configure(Configuration configuration, JsonNode given) {
    configuration.setNullableOnForEach(given.at("/settings/nullableOnForEach").asBoolean());
    configuration.setShrinkWhitespacesInSql(given.at("/settings/shrinkWhitespacesInSql").asBoolean());
    configuration.setUseGeneratedKeys(given.at("/settings/useGeneratedKeys").asBoolean());
    Properties properties = new Properties();
    given.path("properties").fields().forEachRemaining(e -> properties.setProperty(e.getKey(), e.getValue().asText()));
    configuration.setVariables(properties);
  }

  /** Everything is loaded and what was put aside is resolved, as the first look-up of a statement does. */
  static void load(Configuration configuration, Map<String, byte[]> files) {
    files.values().forEach(content -> tolerateUnknownTypes(configuration, content));
    files.forEach((name, content) -> new XMLMapperBuilder(new ByteArrayInputStream(content), configuration, name,
        configuration.getSqlFragments()).parse());
    configuration.getMappedStatementNames();
  }

  private static final Pattern TYPES = Pattern.compile("\\b(?:parameterType|resultType|type|ofType|javaType)\\s*=\\s*[\"']([^\"']+)");

  /** Classes of an application are not here: their names stand for maps. */
  private static void tolerateUnknownTypes(Configuration configuration, byte[] content) {
    Matcher found = TYPES.matcher(new String(content, StandardCharsets.UTF_8));
    while (found.find()) {
      try {
        configuration.getTypeAliasRegistry().resolveAlias(found.group(1));
      } catch (TypeException e) {
        configuration.getTypeAliasRegistry().registerAlias(found.group(1), HashMap.class);
      }
    }
  }

  /** Full ids in the order of their short names; the registry holds each also under its short name. */
  static List<String> statements(Configuration configuration) {
    Set<String> ids = new LinkedHashSet<>();
    for (String name : new ArrayList<>(configuration.getMappedStatementNames())) {
      if (name.indexOf('.') >= 0) {
        ids.add(name);
      }
    }
    List<String> sorted = new ArrayList<>(ids);
    sorted.sort((a, b) -> natural(a).compareTo(natural(b)));
    return sorted;
  }

  /** Numbers in ids sort by their value. */
  private static String natural(String id) {
    return Pattern.compile("\\d+").matcher(id)
        .replaceAll(found -> String.format("%08d", Long.parseLong(found.group())));
  }

  /** False when the case only says that a list or map is no value for JDBC: there batis may do more. */
  static boolean run(Configuration configuration, String id, Object parameter, ObjectNode answer) {
    MappedStatement statement;
    try {
      statement = configuration.getMappedStatement(id);
    } catch (RuntimeException e) {
      refused(answer, "other", e);
      return true;
    }
    BoundSql bound;
    try {
      bound = statement.getBoundSql(parameter);
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      refused(answer, kind(e), e);
      return !String.valueOf(e.getMessage()).startsWith("Type handler was null");
    }
    try {
      ArrayNode binds = Json.MAPPER.createArrayNode();
      for (ParameterMapping mapping : bound.getParameterMappings()) {
        binds.add(bind(configuration, bound, mapping, parameter));
      }
      answer.put("sql", bound.getSql());
      answer.set("binds", binds);
    } catch (RuntimeException e) {
      answer.remove("sql");
      refused(answer, "parameter", e);
    }
    return true;
  }

  /** The value as the parameter handler takes it; an OUT parameter has none. */
  private static ObjectNode bind(Configuration configuration, BoundSql bound, ParameterMapping mapping, Object parameter) {
    String property = mapping.getProperty();
    Object value;
    if (mapping.getMode() == ParameterMode.OUT || parameter == null && !bound.hasAdditionalParameter(property)) {
      value = null;
    } else if (bound.hasAdditionalParameter(property)) {
      value = bound.getAdditionalParameter(property);
    } else if (configuration.getTypeHandlerRegistry().hasTypeHandler(parameter.getClass())) {
      value = parameter;
    } else {
      MetaObject object = configuration.newMetaObject(parameter);
      value = object.getValue(property);
    }
    ObjectNode bind = Json.MAPPER.createObjectNode();
    bind.put("p", property);
    bind.set("v", Json.of(value));
    if (mapping.getJdbcType() != null) {
      bind.put("j", mapping.getJdbcType().name());
    }
    return bind;
  }

  private static String kind(Throwable error) {
    for (Throwable at = error; at != null; at = at.getCause()) {
      String message = String.valueOf(at.getMessage());
      if (at instanceof BindingException) {
        return "parameter";
      }
      if (message.contains("evaluated to a null value") || message.contains("was not iterable")) {
        return "foreach";
      }
      if (message.contains("was found in mapping #{") || message.contains("Expression based parameters")
          || message.contains("Parsing error in {") || message.contains("Error resolving JdbcType")) {
        return "load";
      }
    }
    return "expression";
  }

  static void refused(ObjectNode answer, String kind, Throwable error) {
    Throwable cause = error;
    while (kind.equals("load") && cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    String message = String.valueOf(cause.getMessage()).replaceAll("\\s+", " ");
    ObjectNode refusal = answer.putObject("error");
    refusal.put("kind", kind);
    refusal.put("message", message.length() > 200 ? message.substring(0, 200) : message);
  }
}
