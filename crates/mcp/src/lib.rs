//! Room mcp.
