#!/usr/bin/env node
import { runBuilt } from './run-built.mjs';

runBuilt('atlas-tp', 'atlas-tp.js');
