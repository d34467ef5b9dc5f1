import { type TenantPlaneSchemas } from '@atlas/web';

type Schemas = TenantPlaneSchemas['schemas'];
export type Item = Schemas['ConfigurationItemView'];
export type ItemStatus = Schemas['ItemStatus'];
export type Criticality = Schemas['Criticality'];
export type Attributes = Item['attributes'];
export type NewItem = Schemas['CreateConfigurationItemDto'];
export type ItemChange = Schemas['UpdateConfigurationItemDto'];
export type Relationship = Schemas['RelationshipView'];
export type RelationshipType = Schemas['RelationshipType'];
export type NewRelationship = Schemas['CreateRelationshipDto'];

export const ITEM_STATUSES: readonly ItemStatus[] = ['production', 'implementation', 'stock', 'obsolete'];
export const CRITICALITIES: readonly Criticality[] = ['high', 'medium', 'low'];
export const RELATIONSHIP_TYPES: readonly RelationshipType[] = [
  'depends_on',
  'runs_on',
  'hosted_on',
  'part_of',
  'member_of',
];

export const LONGEST_NAME = 200;
export const LONGEST_TYPE = 60;
export const LONGEST_KEY = 200;
export const LONGEST_SEARCH = 100;
export const MOST_MIN_UP = 1000;

const VERBS: Readonly<Record<RelationshipType, string>> = {
  runs_on: 'runs on',
  hosted_on: 'is hosted on',
  part_of: 'is part of',
  member_of: 'is a member of',
  depends_on: 'depends on',
};

/** What stands between two items: "web-1 runs on rack-3". */
export function verbOf(type: RelationshipType): string {
  return VERBS[type];
}
