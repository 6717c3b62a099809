package dev.graft.batch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageWriteStore;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.column.statistics.SizeStatistics;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.statistics.geospatial.GeospatialStatistics;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DictionaryPageHeader;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Type;
import org.apache.parquet.format.Util;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/** The pages of one row group that is being made, in memory. */
final class ParquetPages implements PageWriteStore {
  private final Map<ColumnDescriptor, Chunk> chunks = new LinkedHashMap<>();

  ParquetPages(MessageType schema) {
    schema.getColumns().forEach(column -> chunks.put(column, new Chunk(column)));
  }

  @Override
  public PageWriter getPageWriter(ColumnDescriptor column) {
    return chunks.get(column);
  }

  /** Appends all pages to a file. */
  RowGroup writeTo(AppendedFile file, long rows) throws IOException {
    long start = file.length();
    List<ColumnChunk> columns = new ArrayList<>();
    long uncompressed = 0;
    for (Chunk chunk : chunks.values()) {
      ColumnChunk written = chunk.writeTo(file);
      uncompressed += written.getMeta_data().getTotal_uncompressed_size();
      columns.add(written);
    }
    RowGroup group = new RowGroup(columns, uncompressed, rows);
    group.setFile_offset(start);
    group.setTotal_compressed_size(file.length() - start);
    return group;
  }

  /** The pages of one column. */
  @SuppressWarnings("deprecation") // the interface has methods that nobody calls any more
  private static final class Chunk implements PageWriter {
    private final ColumnDescriptor column;
    private final ByteArrayOutputStream pages = new ByteArrayOutputStream();
    private final ByteArrayOutputStream dictionary = new ByteArrayOutputStream();
    private final Set<org.apache.parquet.format.Encoding> encodings = new LinkedHashSet<>();
    private long values;
    private long uncompressed;

    Chunk(ColumnDescriptor column) {
      this.column = column;
    }

    private static org.apache.parquet.format.Encoding encoding(Encoding encoding) {
      return org.apache.parquet.format.Encoding.valueOf(encoding.name());
    }

    private void add(ByteArrayOutputStream to, PageHeader header, byte[] content)
        throws IOException {
      byte[] compressed = ParquetCodec.compress(content);
      header.setUncompressed_page_size(content.length);
      header.setCompressed_page_size(compressed.length);
      int before = to.size();
      Util.writePageHeader(header, to);
      uncompressed += to.size() - before + content.length;
      to.write(compressed);
    }

    @Override
    public void writePage(
        BytesInput bytes,
        int valueCount,
        int rowCount,
        Statistics<?> statistics,
        SizeStatistics sizes,
        GeospatialStatistics geospatial,
        Encoding repetition,
        Encoding definition,
        Encoding content)
        throws IOException {
      encodings.addAll(List.of(encoding(repetition), encoding(definition), encoding(content)));
      PageHeader header = new PageHeader(PageType.DATA_PAGE, 0, 0);
      header.setData_page_header(
          new DataPageHeader(
              valueCount, encoding(content), encoding(definition), encoding(repetition)));
      add(pages, header, bytes.toByteArray());
      values += valueCount;
    }

    @Override
    public void writeDictionaryPage(DictionaryPage page) throws IOException {
      encodings.add(encoding(page.getEncoding()));
      PageHeader header = new PageHeader(PageType.DICTIONARY_PAGE, 0, 0);
      header.setDictionary_page_header(
          new DictionaryPageHeader(page.getDictionarySize(), encoding(page.getEncoding())));
      add(dictionary, header, page.getBytes().toByteArray());
    }

    ColumnChunk writeTo(AppendedFile file) throws IOException {
      long start = file.length();
      dictionary.writeTo(file);
      long data = file.length();
      pages.writeTo(file);
      ColumnMetaData facts =
          new ColumnMetaData(
              type(column.getPrimitiveType().getPrimitiveTypeName()),
              List.copyOf(encodings),
              Arrays.asList(column.getPath()),
              ParquetCodec.WRITTEN,
              values,
              uncompressed,
              file.length() - start,
              data);
      if (dictionary.size() > 0) {
        facts.setDictionary_page_offset(start);
      }
      ColumnChunk chunk = new ColumnChunk(0);
      chunk.setMeta_data(facts);
      return chunk;
    }

    private static Type type(PrimitiveTypeName name) {
      return name == PrimitiveTypeName.BINARY ? Type.BYTE_ARRAY : Type.valueOf(name.name());
    }

    @Override
    public void writePage(
        BytesInput bytes,
        int valueCount,
        Statistics<?> statistics,
        Encoding repetition,
        Encoding definition,
        Encoding content) {
      throw other();
    }

    @Override
    public void writePage(
        BytesInput bytes,
        int valueCount,
        int rowCount,
        Statistics<?> statistics,
        Encoding repetition,
        Encoding definition,
        Encoding content) {
      throw other();
    }

    @Override
    public void writePageV2(
        int rowCount,
        int nullCount,
        int valueCount,
        BytesInput repetitionLevels,
        BytesInput definitionLevels,
        Encoding dataEncoding,
        BytesInput data,
        Statistics<?> statistics) {
      throw other();
    }

    private static UnsupportedOperationException other() {
      return new UnsupportedOperationException("Only pages of version 1 are written.");
    }

    @Override
    public long getMemSize() {
      return pages.size();
    }

    @Override
    public long allocatedSize() {
      return pages.size();
    }

    @Override
    public String memUsageString(String prefix) {
      return prefix + " " + pages.size() + " bytes";
    }
  }
}
