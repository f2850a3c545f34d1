// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.schema.MessageType;

/** Single Parquet files, read and written row by row where there is no Spark session: in tasks and on ranks. */
public final class ParquetRows {
    private ParquetRows() {}

    /** Writes a file, in the place of one of that name. */
    public static ParquetWriter<Group> writer(
            Path file, Configuration hadoop, MessageType schema, CompressionCodecName codec) throws IOException {
        return ExampleParquetWriter.builder(HadoopOutputFile.fromPath(file, hadoop))
                .withConf(hadoop)
                .withType(schema)
                .withCompressionCodec(codec)
                .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                .build();
    }

    /** Reads all rows of a file; {@link ParquetReader#read} returns null after the last. */
    public static ParquetReader<Group> reader(Path file, Configuration hadoop) throws IOException {
        return reader(file, hadoop, FilterCompat.NOOP);
    }

    /** Reads the rows of a file that pass a filter. */
    public static ParquetReader<Group> reader(Path file, Configuration hadoop, FilterCompat.Filter filter)
            throws IOException {
        return ParquetReader.builder(new GroupReadSupport(), file)
                .withConf(hadoop)
                .withFilter(filter)
                .build();
    }
}
