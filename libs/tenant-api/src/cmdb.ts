import { LowerCase, NumberInText, Optional, type Page, PageQuery, Repeated } from '@atlas/platform';
import {
  ArrayMaxSize,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';

/** The configuration management database. */
export interface CmdbApi {
  /** Add a configuration item */
  'POST /api/cmdb/items': { body: CreateConfigurationItemDto; 201: ConfigurationItemView };
  /** List configuration items */
  'GET /api/cmdb/items': { query: ListConfigurationItemsQuery; 200: Page<ConfigurationItemView> };
  /** Show a configuration item */
  'GET /api/cmdb/items/:id': { 200: ConfigurationItemView };
  /** Change a configuration item */
  'PATCH /api/cmdb/items/:id': { body: UpdateConfigurationItemDto; 200: ConfigurationItemView };
  /** Archive a configuration item */
  'DELETE /api/cmdb/items/:id': { 204: undefined };
  /** Show what is affected if a configuration item is down, or what it needs */
  'GET /api/cmdb/items/:id/impact': { query: ImpactQuery; 200: ImpactView };
  /** State that one configuration item needs another */
  'POST /api/cmdb/relationships': { body: CreateRelationshipDto; 201: RelationshipView };
  /** List the relationships of a configuration item */
  'GET /api/cmdb/relationships': { query: ListRelationshipsQuery; 200: Page<RelationshipView> };
  /** Delete a relationship */
  'DELETE /api/cmdb/relationships/:id': { 204: undefined };
}

export const ITEM_STATUSES = ['production', 'implementation', 'stock', 'obsolete'] as const;
export type ItemStatus = (typeof ITEM_STATUSES)[number];

export const CRITICALITIES = ['low', 'medium', 'high'] as const;
export type Criticality = (typeof CRITICALITIES)[number];

export type ItemSource = 'manual' | 'discovery' | 'import';

export const RELATIONSHIP_TYPES = ['runs_on', 'hosted_on', 'part_of', 'member_of', 'depends_on'] as const;
export type RelationshipType = (typeof RELATIONSHIP_TYPES)[number];

export interface ConfigurationItemView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** The item's name in another system. No two items of a type have the same key, unless one is archived. */
  readonly key: string | null;
  readonly status: ItemStatus;
  readonly criticality: Criticality;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly source: ItemSource;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly archived_at: Date | null;
}

/** `from_id` needs `to_id`. */
export interface ImpactedRelationshipView {
  readonly id: string;
  readonly from_id: string;
  readonly to_id: string;
  readonly type: RelationshipType;
  /**
   * How many of the items that `from_id` needs in this way must be up for it to stay up. Null means all of
   * them. The number is the same on all relationships of one type from an item.
   */
  readonly min_up: number | null;
}

export interface RelationshipView extends ImpactedRelationshipView {
  readonly created_at: Date;
}

export interface ImpactView {
  readonly root: ConfigurationItemView;
  /** By distance from the root. */
  readonly items: readonly ImpactedItemView[];
  /** The relationships between the root and these items. */
  readonly relationships: readonly ImpactedRelationshipView[];
  /** Whether there is more than is shown. If so, states may be worse than shown. */
  readonly truncated: boolean;
}

export interface ImpactedItemView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly criticality: Criticality;
  /** The length of the shortest path to the root. */
  readonly depth: number;
  /** The state of this item if the root is down or, for `dependencies`, of the root if this item is down. */
  readonly state: 'down' | 'degraded';
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

  @Optional()
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'key must not be blank' })
  key?: string;

  @Optional()
  @IsIn(ITEM_STATUSES)
  status?: ItemStatus;

  @Optional()
  @IsIn(CRITICALITIES)
  criticality?: Criticality;

  /**
   * At most 100 attributes. Names may have up to 100 characters, strings up to 4,000, and all attributes
   * together may take up to 32,768 bytes as JSON.
   */
  @Optional()
  @IsObject()
  attributes?: Record<string, unknown>;
}

export class UpdateConfigurationItemDto {
  @Optional()
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'name must not be blank' })
  name?: string;

  @Optional()
  @IsString()
  @Length(1, 60)
  @Matches(/\S/, { message: 'type must not be blank' })
  type?: string;

  /** null removes the key. */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'key must not be blank' })
  key?: string | null;

  @Optional()
  @IsIn(ITEM_STATUSES)
  status?: ItemStatus;

  @Optional()
  @IsIn(CRITICALITIES)
  criticality?: Criticality;

  /** Replaces all attributes. */
  @Optional()
  @IsObject()
  attributes?: Record<string, unknown>;
}

/** The filters combine. */
export class ListConfigurationItemsQuery extends PageQuery {
  @Optional()
  @IsString()
  @Length(1, 60)
  type?: string;

  @Optional()
  @IsString()
  @Length(1, 200)
  key?: string;

  @Optional()
  @IsIn(ITEM_STATUSES)
  status?: ItemStatus;

  @Optional()
  @IsIn(CRITICALITIES)
  criticality?: Criticality;

  /** Only these items, archived or not: up to 100 ids, each in a parameter of its own. */
  @Optional()
  @Repeated()
  @LowerCase()
  @ArrayMaxSize(100)
  @IsUUID(undefined, { each: true })
  ids?: string[];

  /** Text in the name or the key, in upper or lower case. */
  @Optional()
  @IsString()
  @Length(1, 100)
  q?: string;

  /** `true` lists only archived items, which are not listed otherwise, except with `ids`. */
  @Optional()
  @IsIn(['true', 'false'])
  archived?: 'true' | 'false';
}

export class CreateRelationshipDto {
  @LowerCase()
  @IsUUID()
  from_id: string;

  @LowerCase()
  @IsUUID()
  to_id: string;

  @IsIn(RELATIONSHIP_TYPES)
  type: RelationshipType;

  @Optional()
  @IsInt()
  @Min(1)
  @Max(1000)
  min_up?: number;
}

export class ListRelationshipsQuery extends PageQuery {
  /** Only relationships from or to this item. */
  @Optional()
  @LowerCase()
  @IsUUID()
  item_id?: string;
}

export class ImpactQuery {
  /** `dependents`: what needs the item. `dependencies`: what the item needs. */
  @Optional()
  @IsIn(['dependents', 'dependencies'])
  direction?: 'dependents' | 'dependencies';

  /** How far from the item to look. */
  @Optional()
  @NumberInText()
  @IsInt()
  @Min(1)
  @Max(20)
  depth?: number;
}
