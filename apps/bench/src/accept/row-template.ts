import { type Client } from 'pg';

type Row = Readonly<Record<string, unknown>>;

const JSON_TYPES = [114, 3802];

/**
 * A row written by the Control Plane, used as a template for new rows. It includes every column of the table.
 */
export class RowTemplate {
  readonly insert: string;

  private constructor(
    table: string,
    private readonly columns: readonly string[],
    readonly row: Row,
  ) {
    const places = columns.map((_, index) => `$${index + 1}`);
    const quoted = columns.map((column) => `"${column}"`);
    this.insert = `insert into ${table} (${quoted.join(', ')}) values (${places.join(', ')})`;
  }

  /** Uses the newest row, according to the column `order`. */
  static async newest(client: Client, table: string, order: string): Promise<RowTemplate> {
    const { fields, rows } = await client.query<Row>(`select * from ${table} order by ${order} desc limit 1`);
    const [row] = rows;
    if (!row) throw new Error(`Table ${table} has no row to use as a template.`);
    const written = fields.map(({ name, dataTypeID }) => [
      name,
      JSON_TYPES.includes(dataTypeID) && row[name] !== null ? JSON.stringify(row[name]) : row[name],
    ]);
    return new RowTemplate(
      table,
      fields.map(({ name }) => name),
      Object.fromEntries(written) as Row,
    );
  }

  /** The parameters for {@link insert}: the values of the row, with `changes` applied. */
  with(changes: Row): unknown[] {
    return this.columns.map((column) => (column in changes ? changes[column] : this.row[column]));
  }
}
