package dev.graft.batch;

import java.util.ArrayList;
import java.util.List;
import java.util.ListIterator;
import java.util.Optional;
import org.apache.parquet.format.ConvertedType;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.ListType;
import org.apache.parquet.format.LogicalType;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.StringType;
import org.apache.parquet.format.Type;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type.Repetition;

/** Schemas as a Parquet file has them, and as the library that encodes columns wants them. */
final class ParquetSchema {
  private static final String ROOT = "graft";

  private ParquetSchema() {}

  /** The schema of a table: every column optional. */
  static List<SchemaElement> of(List<Column> columns) {
    List<SchemaElement> elements = new ArrayList<>();
    elements.add(group(ROOT, null, columns.size()));
    for (Column column : columns) {
      switch (column.kind()) {
        case FLOATS -> addList(elements, column.name(), leaf("element", ColumnKind.FLOAT));
        case GUESSES -> {
          addList(elements, column.name(), group("element", FieldRepetitionType.OPTIONAL, 2));
          elements.add(leaf("label", ColumnKind.TEXT));
          elements.add(leaf("probability", ColumnKind.FLOAT));
        }
        default ->
            elements.add(
                column
                    .original()
                    .map(original -> carried(original, column.name()))
                    .orElseGet(() -> leaf(column.name(), column.kind())));
      }
    }
    return elements;
  }

  private static SchemaElement carried(SchemaElement original, String name) {
    SchemaElement element = new SchemaElement(original);
    element.setName(name);
    element.setRepetition_type(FieldRepetitionType.OPTIONAL);
    element.unsetField_id();
    return element;
  }

  /** The three levels of the format's specification of lists. */
  private static void addList(List<SchemaElement> elements, String name, SchemaElement element) {
    SchemaElement list = group(name, FieldRepetitionType.OPTIONAL, 1);
    list.setConverted_type(ConvertedType.LIST);
    list.setLogicalType(LogicalType.LIST(new ListType()));
    elements.add(list);
    elements.add(group("list", FieldRepetitionType.REPEATED, 1));
    elements.add(element);
  }

  private static SchemaElement group(String name, FieldRepetitionType repetition, int children) {
    SchemaElement group = new SchemaElement(name);
    group.setNum_children(children);
    if (repetition != null) {
      group.setRepetition_type(repetition);
    }
    return group;
  }

  private static SchemaElement leaf(String name, ColumnKind kind) {
    SchemaElement leaf = new SchemaElement(name);
    leaf.setRepetition_type(FieldRepetitionType.OPTIONAL);
    leaf.setType(
        switch (kind) {
          case TRUTH -> Type.BOOLEAN;
          case INT -> Type.INT32;
          case LONG -> Type.INT64;
          case FLOAT -> Type.FLOAT;
          case DOUBLE -> Type.DOUBLE;
          default -> Type.BYTE_ARRAY;
        });
    if (kind == ColumnKind.TEXT) {
      leaf.setConverted_type(ConvertedType.UTF8);
      leaf.setLogicalType(LogicalType.STRING(new StringType()));
    }
    return leaf;
  }

  /** The tree of a file's schema, without what its values mean. */
  static MessageType message(List<SchemaElement> elements) {
    ListIterator<SchemaElement> rest = elements.listIterator();
    SchemaElement root = rest.next();
    return new MessageType(root.getName(), children(root, rest));
  }

  private static List<org.apache.parquet.schema.Type> children(
      SchemaElement parent, ListIterator<SchemaElement> rest) {
    List<org.apache.parquet.schema.Type> children = new ArrayList<>();
    for (int i = 0; i < parent.getNum_children(); i++) {
      children.add(type(rest.next(), rest));
    }
    return children;
  }

  private static org.apache.parquet.schema.Type type(
      SchemaElement element, ListIterator<SchemaElement> rest) {
    Repetition repetition = Repetition.valueOf(element.getRepetition_type().name());
    return element.isSetType()
        ? new PrimitiveType(
            repetition, primitive(element.getType()), element.getType_length(), element.getName())
        : new GroupType(repetition, element.getName(), children(element, rest));
  }

  private static PrimitiveTypeName primitive(Type type) {
    return switch (type) {
      case BOOLEAN -> PrimitiveTypeName.BOOLEAN;
      case INT32 -> PrimitiveTypeName.INT32;
      case INT64 -> PrimitiveTypeName.INT64;
      case INT96 -> PrimitiveTypeName.INT96;
      case FLOAT -> PrimitiveTypeName.FLOAT;
      case DOUBLE -> PrimitiveTypeName.DOUBLE;
      case BYTE_ARRAY -> PrimitiveTypeName.BINARY;
      case FIXED_LEN_BYTE_ARRAY -> PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY;
    };
  }

  /** The columns of a file that are single values, not in a group or a list. */
  static List<Column> columns(List<SchemaElement> elements) {
    List<Column> columns = new ArrayList<>();
    int at = 1;
    for (int i = 0; i < elements.get(0).getNum_children(); i++) {
      SchemaElement element = elements.get(at);
      if (element.isSetType() && element.getRepetition_type() != FieldRepetitionType.REPEATED) {
        columns.add(new Column(element.getName(), kind(element), Optional.of(element)));
      }
      at = behind(elements, at);
    }
    return columns;
  }

  private static int behind(List<SchemaElement> elements, int at) {
    int next = at + 1;
    for (int i = 0; i < elements.get(at).getNum_children(); i++) {
      next = behind(elements, next);
    }
    return next;
  }

  private static ColumnKind kind(SchemaElement element) {
    return switch (element.getType()) {
      case BOOLEAN -> ColumnKind.TRUTH;
      case INT32 -> ColumnKind.INT;
      case INT64 -> ColumnKind.LONG;
      case FLOAT -> ColumnKind.FLOAT;
      case DOUBLE -> ColumnKind.DOUBLE;
      case INT96, FIXED_LEN_BYTE_ARRAY -> ColumnKind.BYTES;
      case BYTE_ARRAY -> isText(element) ? ColumnKind.TEXT : ColumnKind.BYTES;
    };
  }

  private static boolean isText(SchemaElement element) {
    boolean converted =
        element.getConverted_type() == ConvertedType.UTF8
            || element.getConverted_type() == ConvertedType.ENUM
            || element.getConverted_type() == ConvertedType.JSON;
    return converted || element.isSetLogicalType() && element.getLogicalType().isSetSTRING();
  }
}
