//! motcua-gateway
