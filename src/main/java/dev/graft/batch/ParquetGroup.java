package dev.graft.batch;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.DictionaryPageHeader;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;

/** A row group that is read, of each column a page at a time. */
final class ParquetGroup implements PageReadStore {
  private final ParquetFile file;
  private final RowGroup group;

  ParquetGroup(ParquetFile file, RowGroup group) {
    this.file = file;
    this.group = group;
  }

  @Override
  public long getRowCount() {
    return group.getNum_rows();
  }

  @Override
  public PageReader getPageReader(ColumnDescriptor column) {
    ColumnMetaData chunk =
        group.getColumns().stream()
            .map(org.apache.parquet.format.ColumnChunk::getMeta_data)
            .filter(
                facts ->
                    facts != null && ParquetFile.isAt(facts.getPath_in_schema(), column.getPath()))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        file.path() + " has no data of the column " + column + "."));
    return new Pages(chunk);
  }

  /** The pages of one column. */
  private final class Pages implements PageReader {
    /** More than any header without statistics of long texts; a longer one is read again. */
    private static final int HEADER = 1 << 12;

    private final ColumnMetaData chunk;
    private final long end;
    private long position;
    private long values;

    Pages(ColumnMetaData chunk) {
      this.chunk = chunk;
      boolean dictionaryFirst =
          chunk.isSetDictionary_page_offset()
              && chunk.getDictionary_page_offset() > 0
              && chunk.getDictionary_page_offset() < chunk.getData_page_offset();
      this.position =
          dictionaryFirst ? chunk.getDictionary_page_offset() : chunk.getData_page_offset();
      this.end = position + chunk.getTotal_compressed_size();
    }

    @Override
    public long getTotalValueCount() {
      return chunk.getNum_values();
    }

    /** Reads a header and moves behind it. */
    private PageHeader header() throws IOException {
      for (int room = HEADER; ; room *= 16) {
        byte[] bytes = file.upTo(position, room);
        ByteArrayInputStream in = new ByteArrayInputStream(bytes);
        try {
          PageHeader header = Util.readPageHeader(in);
          position += bytes.length - in.available();
          return header;
        } catch (IOException e) {
          if (bytes.length < room || room > 1 << 24) {
            throw e;
          }
        }
      }
    }

    private byte[] content(PageHeader header) throws IOException {
      byte[] bytes = file.read(position, header.getCompressed_page_size());
      position += bytes.length;
      return bytes;
    }

    @Override
    public DictionaryPage readDictionaryPage() {
      long before = position;
      try {
        PageHeader header = header();
        if (header.getType() != PageType.DICTIONARY_PAGE) {
          position = before;
          return null;
        }
        DictionaryPageHeader facts = header.getDictionary_page_header();
        byte[] bytes = content(header);
        byte[] plain =
            ParquetCodec.decompress(chunk.getCodec(), bytes, header.getUncompressed_page_size());
        return new DictionaryPage(
            BytesInput.from(plain), facts.getNum_values(), encoding(facts.getEncoding()));
      } catch (IOException e) {
        throw new UncheckedIOException(damaged(e));
      }
    }

    @Override
    public DataPage readPage() {
      try {
        while (values < chunk.getNum_values() && position < end) {
          PageHeader header = header();
          byte[] bytes = content(header);
          if (header.getType() == PageType.DATA_PAGE) {
            return version1(header, bytes);
          }
          if (header.getType() == PageType.DATA_PAGE_V2) {
            return version2(header, bytes);
          }
        }
        return null;
      } catch (IOException e) {
        throw new UncheckedIOException(damaged(e));
      }
    }

    private IOException damaged(IOException e) {
      return new IOException(
          "%s can't be read at byte %d of column %s: %s"
              .formatted(
                  file.path(),
                  position,
                  String.join(".", chunk.getPath_in_schema()),
                  e.getMessage()),
          e);
    }

    private DataPage version1(PageHeader header, byte[] bytes) throws IOException {
      DataPageHeader facts = header.getData_page_header();
      values += facts.getNum_values();
      int size = header.getUncompressed_page_size();
      return new DataPageV1(
          BytesInput.from(ParquetCodec.decompress(chunk.getCodec(), bytes, size)),
          facts.getNum_values(),
          size,
          null,
          encoding(facts.getRepetition_level_encoding()),
          encoding(facts.getDefinition_level_encoding()),
          encoding(facts.getEncoding()));
    }

    /** Its levels are in front and never compressed. */
    private DataPage version2(PageHeader header, byte[] bytes) throws IOException {
      DataPageHeaderV2 facts = header.getData_page_header_v2();
      values += facts.getNum_values();
      int repetition = facts.getRepetition_levels_byte_length();
      int definition = facts.getDefinition_levels_byte_length();
      int levels = repetition + definition;
      byte[] data = java.util.Arrays.copyOfRange(bytes, levels, bytes.length);
      boolean compressed = !facts.isSetIs_compressed() || facts.isIs_compressed();
      int size = header.getUncompressed_page_size() - levels;
      return DataPageV2.uncompressed(
          facts.getNum_rows(),
          facts.getNum_nulls(),
          facts.getNum_values(),
          BytesInput.from(bytes, 0, repetition),
          BytesInput.from(bytes, repetition, definition),
          encoding(facts.getEncoding()),
          BytesInput.from(
              compressed && data.length > 0
                  ? ParquetCodec.decompress(chunk.getCodec(), data, size)
                  : data),
          null);
    }

    private static Encoding encoding(org.apache.parquet.format.Encoding encoding) {
      return Encoding.valueOf(encoding.name());
    }
  }
}
