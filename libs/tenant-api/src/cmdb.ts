import { Optional, type Page, PageQuery } from '@atlas/platform';
import { IsObject, IsString, Length, Matches } from 'class-validator';

/** The configuration management database. */
export interface CmdbApi {
  /** Add a configuration item */
  'POST /api/cmdb/items': { body: CreateConfigurationItemDto; 201: ConfigurationItemView };
  /** List configuration items */
  'GET /api/cmdb/items': { query: ListConfigurationItemsQuery; 200: Page<ConfigurationItemView> };
  /** Show a configuration item */
  'GET /api/cmdb/items/:id': { 200: ConfigurationItemView };
}

export interface ConfigurationItemView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly created_at: Date;
}

export class CreateConfigurationItemDto {
  /** @example web-1 */
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'name must not be blank' })
  name: string;

  /** @example server */
  @IsString()
  @Length(1, 60)
  @Matches(/\S/, { message: 'type must not be blank' })
  type: string;

  /**
   * At most 100 attributes. Names may have up to 100 characters, strings up to 4,000, and all attributes
   * together may take up to 32,768 bytes as JSON.
   */
  @Optional()
  @IsObject()
  attributes?: Record<string, unknown>;
}

export class ListConfigurationItemsQuery extends PageQuery {
  @Optional()
  @IsString()
  @Length(1, 60)
  type?: string;
}
