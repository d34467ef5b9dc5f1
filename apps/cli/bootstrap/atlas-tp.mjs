#!/usr/bin/env node
import './require-node.mjs';
import { runBuilt } from './run-built.mjs';

runBuilt('atlas-tp', 'dist/apps/cli/atlas-tp.js');
