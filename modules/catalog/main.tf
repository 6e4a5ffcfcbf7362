locals {
  # Hyphens in names would have to be quoted in every query.
  database_name = replace(var.name, "-", "_")

  # The columns of glue_jobs/answers.py, by what a solution is asked about.
  asked_columns = {
    users           = { name = "user_id", type = "string" }
    items           = { name = "item_id", type = "string" }
    item_attributes = { name = "item_attributes", type = "string" }
  }
  columns = [
    { name = "rank", type = "int" },
    { name = "recommended_id", type = "string" },
    { name = "score", type = "double" },
  ]
  theme_columns = [
    { name = "theme", type = "string" },
    { name = "theme_relevance_score", type = "double" },
  ]
}

resource "aws_glue_catalog_database" "this" {
  name        = local.database_name
  description = "Recommendations of the pipeline ${var.name}, a table for each solution."
  tags        = var.tags
}

resource "aws_glue_catalog_table" "this" {
  for_each = var.tables

  name          = replace(each.key, "-", "_")
  database_name = aws_glue_catalog_database.this.name
  description   = "What the solution ${each.key} recommends, in the run that a query names."
  table_type    = "EXTERNAL_TABLE"

  # Athena derives a run's location from the query: no crawler, and no partition to add
  # (Athena User Guide, Supported types for partition projection: injected).
  parameters = {
    "EXTERNAL"                  = "TRUE"
    "classification"            = "parquet"
    "projection.enabled"        = "true"
    "projection.run.type"       = "injected"
    "storage.location.template" = "s3://${var.bucket_name}/${var.prefix}curated/$${run}/tables/${each.key}/"
  }

  partition_keys {
    name = "run"
    type = "string"
  }

  storage_descriptor {
    location      = "s3://${var.bucket_name}/${var.prefix}curated/"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }

    dynamic "columns" {
      for_each = concat([local.asked_columns[each.value.asked]], local.columns, each.value.has_themes ? local.theme_columns : [])

      content {
        name = columns.value.name
        type = columns.value.type
      }
    }
  }
}
