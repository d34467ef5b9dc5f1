import { databaseItem, ledgerItem, migrationsItem, rowsItem, workItem } from './items/database.items';
import { logItem, machineItem } from './items/machine.items';
import {
  configurationItem,
  entitlementsItem,
  outageItem,
  preflightItem,
  statusItem,
  versionItem,
} from './items/plane.items';
import { type SupportItem } from './support-item';

/** Everything that a support bundle contains, besides its manifest. */
export const SUPPORT_ITEMS: readonly SupportItem[] = [
  versionItem,
  configurationItem,
  statusItem,
  preflightItem,
  logItem,
  migrationsItem,
  rowsItem,
  workItem,
  outageItem,
  entitlementsItem,
  ledgerItem,
  databaseItem,
  machineItem,
];
