package batis.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.apache.ibatis.binding.MapperMethod.ParamMap;
import org.apache.ibatis.reflection.ParamNameResolver;

/** JSON to what a Java program would pass, and values to JSON. */
final class Json {
  static final ObjectMapper MAPPER = new ObjectMapper().disable(SerializationFeature.FAIL_ON_EMPTY_BEANS);

  private Json() {}

  /** An object is a map, or with `strict` the map of a mapper method; an array a list argument; a scalar itself. */
  static Object parameter(JsonNode params, boolean strict) {
    Object value = params == null ? null : MAPPER.convertValue(params, Object.class);
    if (strict && value instanceof Map<?, ?> map) {
      ParamMap<Object> named = new ParamMap<>();
      map.forEach((key, each) -> named.put((String) key, each));
      return named;
    }
    return ParamNameResolver.wrapToMapIfCollection(value, null);
  }

  static JsonNode of(Object value) {
    JsonNodeFactory json = MAPPER.getNodeFactory();
    if (value == null) {
      return json.nullNode();
    }
    if (value instanceof Boolean bool) {
      return json.booleanNode(bool);
    }
    if (value instanceof Double || value instanceof Float) {
      double real = ((Number) value).doubleValue();
      return Double.isFinite(real) ? MAPPER.valueToTree(value) : json.textNode(value.toString());
    }
    if (value instanceof Integer || value instanceof Long || value instanceof BigInteger || value instanceof BigDecimal
        || value instanceof Short || value instanceof Byte) {
      return MAPPER.valueToTree(value);
    }
    if (value instanceof Iterable<?> items) {
      var all = json.arrayNode();
      items.forEach(item -> all.add(of(item)));
      return all;
    }
    if (value instanceof Map<?, ?> map) {
      var all = json.objectNode();
      map.forEach((key, item) -> all.set(String.valueOf(key), of(item)));
      return all;
    }
    if (value.getClass().isArray()) {
      var all = json.arrayNode();
      for (int i = 0; i < Array.getLength(value); i++) {
        all.add(of(Array.get(value, i)));
      }
      return all;
    }
    return json.textNode(value.toString());
  }
}
