module revento.example/receiver

go 1.19
