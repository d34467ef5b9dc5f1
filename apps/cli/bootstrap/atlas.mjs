#!/usr/bin/env node
import './require-node.mjs';
import { runBuilt } from './run-built.mjs';

runBuilt('atlas', 'dist/apps/cli/main.js');
